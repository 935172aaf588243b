// What did the agent do to my files? Told in the Files tab soon after a turn, removed ones too, without a reload.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSessionsClient } from "../../../src/client/sessions.ts";
import { createTransport } from "../../../src/client/transport.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
/** The worker looks every ten seconds, and a turn's files have to be quiet for ten. */
const SNAPSHOT = { timeout: 60_000 };

describe.skipIf(!chromium)("what the last turn changed", () => {
  let system: System;
  let browser: Browser;
  let sessionId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = (await client.beta.agents.create({ name: "Helper", model: "demo", tools })).id;
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent, environment_id, title: "Changes files" })).id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function run(command: string): Promise<void> {
    const client = system.client();
    const text = `Run \`${command}\``;
    await client.beta.sessions.events.send(sessionId, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
    await expect
      .poll(async () => (await client.beta.sessions.retrieve(sessionId)).status, { timeout: 30_000 })
      .toBe("idle");
  }
  const changed = () => browser.page.getByRole("region", { name: "Changed files" });
  const rows = () => changed().getByRole("listitem").allTextContents();
  const told = () => browser.page.getByText("Which files the turn changed is told here soon after it has ended.");

  test("the files of the first turn are told once they are kept, and open from there", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}?tab=files`);
    await page.getByRole("tree", { name: "Files of the session" }).or(page.getByText("No files yet")).first().waitFor();
    await run(
      "mkdir -p src/deep && echo one > notes.md && echo 'let a;' > src/deep/a.ts && echo old > src/old.ts && ln -s notes.md link",
    );
    await told().waitFor();
    await changed().getByText("4 added").waitFor(SNAPSHOT);
    expect(await told().count()).toBe(0);
    expect(await rows()).toEqual(["+linkadded", "+notes.mdadded", "+src/deep/a.tsadded", "+src/old.tsadded"]);
    await changed().getByRole("button", { name: "src/deep/a.ts" }).click();
    await page.getByRole("region", { name: "File a.ts" }).getByText("let a;").waitFor();
    await page.getByRole("button", { name: "All files" }).click();
    await page.getByRole("treeitem").filter({ hasText: "a.ts" }).getByText("added").waitFor();
  });

  test("of the next turn what it added, changed and removed, whatever the names are", async () => {
    const { page } = browser;
    await run(
      "rm src/old.ts && echo two >> notes.md && printf x > $(printf '\\342\\200\\256gpj.exe') && printf y > '<b>bold.txt'",
    );
    await told().waitFor();
    const sessions = createSessionsClient(createTransport({ baseUrl: system.url, apiKey: system.apiKey }));
    await sessions.takeSnapshot(sessionId);
    await changed().getByText("1 removed").waitFor(SNAPSHOT);
    await changed().getByText("Changed in the last turn").waitFor();
    expect(await rows()).toEqual([
      "+<b>bold.txtadded",
      "~notes.mdchanged",
      "−src/old.tsremoved",
      "+⟨U+202E⟩gpj.exeadded",
    ]);
    expect(await page.getByRole("treeitem").filter({ hasText: "notes.md" }).first().getByText("changed").count()).toBe(
      1,
    );
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("panel-changed-files");
    await changed()
      .getByRole("button", { name: /Changed in the last turn/ })
      .press("Enter");
    await expect.poll(() => changed().getByRole("listitem").first().isVisible()).toBe(false);
    await page.keyboard.press("Enter");
    await changed().getByRole("button", { name: "notes.md" }).waitFor();
  });

  test("the list of many is folded; a file that is shown and is removed is said to be gone", async () => {
    const { page } = browser;
    await run("for i in $(seq 150); do echo $i > f$i.txt; done; rm -r src");
    const sessions = createSessionsClient(createTransport({ baseUrl: system.url, apiKey: system.apiKey }));
    await sessions.takeSnapshot(sessionId);
    await changed().getByText("150 added").waitFor(SNAPSHOT);
    expect(await changed().getByRole("listitem").first().isVisible()).toBe(false);
    expect(await page.getByText("could not be found").count()).toBe(0);
    await changed()
      .getByRole("button", { name: /Changed in the last turn/ })
      .click();
    await changed().getByText("and 50 more that are not named").waitFor();
    await browser.screenshots("panel-many-changed-files");
    await changed().getByRole("button", { name: "f100.txt" }).click();
    await page.getByRole("region", { name: "File f100.txt" }).getByText("100", { exact: true }).waitFor();
    await run("rm f100.txt");
    await page.getByRole("status").filter({ hasText: "/workspace/f100.txt is not there any more." }).waitFor();
    await told().waitFor();
    expect(await findViolations(page)).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });
});
