// A command's output is seen while it runs, by whoever comes whenever; afterwards how it ended.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BerthClient, createBerthClient } from "../../../src/client/berth.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("live output", () => {
  let system: System;
  let browser: Browser;
  let client: BerthClient;
  let agentId: string;
  let sessionId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    client = createBerthClient({ baseUrl: system.url, apiKey: system.apiKey });
    const agent = await client.agents.create({
      name: "Builder",
      model: "demo",
      tools: [{ type: "agent_toolset_20260401" }],
    });
    agentId = agent.id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function run(command: string): Promise<void> {
    sessionId = (await client.sessions.create({ agent: agentId, title: "A long build" })).id;
    await browser.page.goto(`${system.url}/sessions/${sessionId}`);
    const text = `Run \`${command}\``;
    await client.events.send(sessionId, [{ type: "user.message", content: [{ type: "text", text }] }]);
  }
  const letGo = (file: string) => client.files.write(sessionId, file, new Uint8Array());
  const waits = (file: string) => `until [ -e ${file} ]; do sleep 0.05; done`;
  const lastCard = () => browser.page.getByRole("article", { name: "Tool call bash" }).last();
  /** In its output: the patterns are none of the command's text, which is in the card as well. */
  const seen = (pattern: RegExp) => lastCard().locator("pre").filter({ hasText: pattern }).last();
  const resultCount = async () => (await client.events.list(sessionId, { types: ["agent.tool_result"] })).data.length;

  test("the first line is there before the command ends, also after a reload, and the rest follows", async () => {
    const { page } = browser;
    const green = "printf '\\033[32m ok \\033[0m %s\\n'";
    await run(
      `echo building; ${green} one; ${waits("a")}; ${green} two; ${waits("b")}; echo built; exit_with() { return 3; }; exit_with`,
    );
    await seen(/building(?!;)/).waitFor({ timeout: 30_000 });
    await seen(/ok\s+one/).waitFor();
    await lastCard().getByText("running").waitFor();
    expect(await resultCount()).toBe(0);

    await page.reload();
    await seen(/ok\s+one/).waitFor();
    await lastCard().getByRole("button", { name: /bash/ }).click();
    await lastCard().getByText("Output so far").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await letGo("a");
    await seen(/ok\s+two/).waitFor();
    expect(await resultCount()).toBe(0);
    await browser.screenshots("live-output-open");

    await letGo("b");
    await lastCard().getByText("failed").waitFor();
    await lastCard().getByText("· exit 3").waitFor();
    await lastCard().getByText("Output so far").waitFor({ state: "detached" });
    await seen(/built(?!;)/).waitFor();
    await browser.screenshots("live-output-failed");
  });

  test("of a flood the end is seen, the page says what is left out, and an open card stays at its end", async () => {
    await run(`seq 1 300000; ${waits("c")}; echo over`);
    await seen(/300000(?!;)/).waitFor({ timeout: 30_000 });
    await browser.screenshots("live-output-closed");
    await lastCard().getByRole("button", { name: /bash/ }).click();
    const output = lastCard().locator("pre").last();
    await output.getByText(/MB left out/).waitFor();
    const atEnd = () => output.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 2);
    expect(await output.evaluate((one) => one.scrollHeight > one.clientHeight)).toBe(true);
    expect(await atEnd()).toBe(true);
    await browser.screenshots("live-output-flood");
    await letGo("c");
    await lastCard()
      .getByRole("button", { name: /done ·/ })
      .waitFor();
    expect(browser.complaints).toEqual([]);
  });
});
