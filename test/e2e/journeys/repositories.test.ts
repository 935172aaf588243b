// A developer starts a session with a private repository in the dashboard: refusals stand at their fields, the clone is seen, and the token is nowhere.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../../src/egress/certificate-authority.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { findIn } from "../../support/canary.ts";
import { startUpstream, type Upstream } from "../../support/egress-world.ts";
import { sandboxesMissing } from "../../support/local-sandboxd.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { makeHosts, serveHosts } from "../../support/program-hosts.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { sweepSystem } from "../../support/sweep.ts";
import { type System, startSystem } from "../../support/system.ts";
import { gate } from "../../support/turn-world.ts";

const chromium = findChromium();
const HOST = "git.example.com";
const URL_OF_APP = `https://${HOST}/acme/app`;
const TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const WRONG = "ghp_TakenBack292c6912E7710c838347Ae178B4b";

describe.skipIf(!chromium || sandboxesMissing())("repositories", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "berth-journey-git-"));
  let system: System;
  let browser: Browser;
  let upstream: Upstream;
  const held = gate();
  let sessionId = "";

  /** Lets in who has the token, once it answers. */
  async function gitHost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await held.opened;
    const [, pair = ""] = (request.headers.authorization ?? "").split(" ");
    if (Buffer.from(pair, "base64").toString() === `x-access-token:${TOKEN}`) serveHosts(directory, request, response);
    else response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
  }

  beforeAll(async () => {
    makeHosts(directory);
    mkdirSync(path.join(directory, "acme"));
    for (const name of ["app", "tools"])
      cpSync(path.join(directory, "repo.git"), path.join(directory, "acme", `${name}.git`), { recursive: true });
    const authority = await createAuthority({ now: Date.now });
    const caFile = path.join(directory, "ca.pem");
    writeFileSync(caFile, authority.certificate);
    upstream = await startUpstream(authority, (request, response) => void gitHost(request, response));
    const env = { BERTH_EGRESS_HOSTS: `${HOST}=127.0.0.1:${upstream.port}`, BERTH_EGRESS_CA_FILE: caFile };
    system = await startSystem({ ui: true, env });
    await sessionsOf(system).agent("Reviewer");
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    held.open();
    await browser?.close();
    await system?.dispose();
    await upstream?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Nothing in the page, in any field, in what the browser keeps, or in what the server says of the session. */
  async function nowhere(...values: string[]): Promise<void> {
    const seen = await browser.page.evaluate<string>(
      `document.documentElement.outerHTML + [...document.querySelectorAll("input,textarea")].map((one) => one.value).join()
        + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`,
    );
    const { beta } = system.client();
    const events = [];
    for await (const event of beta.sessions.events.list(sessionId)) events.push(event);
    const said = seen + JSON.stringify([events, await beta.sessions.retrieve(sessionId)]);
    for (const value of values)
      for (const form of [value, Buffer.from(`x-access-token:${value}`).toString("base64")])
        expect(said).not.toContain(form);
  }
  const looked = async (name: string) => {
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots(name);
  };
  const log = () => browser.page.getByRole("log", { name: "Conversation" });
  const listed = () => browser.page.getByRole("list", { name: "Repositories" });
  const run = async (command: string) => {
    const box = browser.page.getByRole("textbox", { name: "Message" });
    await box.fill(`Run \`${command}\``);
    await box.press("Enter");
  };

  test("the form says at each field what is wrong with it, the server's refusals too", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/new`);
    const start = page.getByRole("button", { name: "Start session" });
    await page.getByLabel("Agent", { exact: true }).selectOption({ index: 0 });
    const add = page.getByRole("button", { name: "Add a repository" });
    await add.click();
    const first = page.getByRole("group", { name: "Repository 1" });
    await start.click();
    await first.getByText("Put in its address").waitFor();
    await first.getByLabel("Address").fill(`git@${HOST}:acme/app.git`);
    await first.getByText(/^(Is not a URL|Must begin with https)/).waitFor();
    await first.getByLabel("Address").fill(URL_OF_APP);
    await first.getByLabel("Place in the sandbox").fill("/etc/app");
    await first.getByText("Must lie below /workspace or /home/agent").waitFor();
    await first.getByLabel("Place in the sandbox").fill("");
    expect(await first.getByLabel("Place in the sandbox").getAttribute("placeholder")).toBe("/workspace/app");
    await first.getByLabel("Token").fill("short77");
    await add.click();
    const second = page.getByRole("group", { name: "Repository 2" });
    await second.getByLabel("Address").fill(`${URL_OF_APP}.git`);
    await second.getByLabel("Branch or commit").fill("a branch");
    await start.click();
    await second.getByText("Is not the name of a branch.").waitFor();
    await second.getByLabel("Branch or commit").fill("no-such-branch");
    await start.click();
    await second.getByText(/^\/workspace\/app is taken by another resource/).waitFor();
    await second.getByLabel("Place in the sandbox").fill("/workspace/old");
    await start.click();
    await first.getByText(/^Must have at least 8 characters/).waitFor();
    await expect.poll(() => page.evaluate<string>("document.activeElement?.type")).toBe("password");
    await looked("session-new-repositories-refused");
    await first.getByLabel("Token").fill(TOKEN);
    expect(await first.getByText(/^Must have at least 8/).count()).toBe(0);
    await page.getByLabel("First message").fill("Run `cat /workspace/app/README`");
    await looked("session-new-repositories");
  });

  test("it is seen while it is cloned, then it is there; one that is not is told with what to do", async () => {
    const { page } = browser;
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    sessionId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await page.goto(`${system.url}/sessions/${sessionId}?tab=overview`);
    await log().getByText(`Cloning ${URL_OF_APP} to /workspace/app`).waitFor({ timeout: 30_000 });
    await listed().getByText("Being cloned").waitFor();
    await listed().getByText("Cloned before the next tool runs").waitFor();
    await page.getByText("One can be added while the agent rests.").waitFor();
    await looked("session-repository-cloning");
    held.open();
    await log().getByText(`${URL_OF_APP} is at /workspace/app (`).waitFor({ timeout: 30_000 });
    await listed().getByText("Ready").waitFor();
    await listed().getByText("Failed, tried again in the next turn that runs a tool").waitFor();
    await log()
      .getByText(/^The repository .* no-such-branch could not be checked out/)
      .waitFor();
    await page.getByRole("button", { name: "Add a repository" }).and(page.locator(":enabled")).waitFor();
    await page.getByRole("button", { name: /^bash/ }).first().waitFor();
    const events = await system.client().beta.sessions.events.list(sessionId);
    const results = events.data.flatMap((event) => (event.type === "agent.tool_result" ? [event.content] : []));
    expect(JSON.stringify(results)).toContain("a repository");
    await looked("session-repository-failed");
    await nowhere(TOKEN, "short77");
  });

  test("one is removed, another added whose token is wrong, and it comes with a new token", async () => {
    const { page } = browser;
    const dialog = page.getByRole("dialog");
    await page
      .getByRole("button", { name: `Actions for ${URL_OF_APP}` })
      .last()
      .click();
    await page.getByRole("menuitem", { name: "Remove…" }).click();
    await looked("session-repository-remove");
    await dialog.getByRole("button", { name: "Remove" }).click();
    await expect.poll(() => listed().getByRole("listitem").count()).toBe(1);

    await page.getByRole("button", { name: "Add a repository" }).click();
    await dialog.getByLabel("Address").fill(`https://${HOST}/acme/tools`);
    await dialog.getByLabel("Place in the sandbox").fill("/workspace/app/tools");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.getByText(/is taken by another resource/).waitFor();
    await dialog.getByLabel("Place in the sandbox").fill("");
    await dialog.getByLabel("Token").fill(WRONG);
    await looked("session-repository-add");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await listed().getByText(`https://${HOST}/acme/tools`).waitFor();
    await run("ls /workspace");
    await listed()
      .getByText(/its host does not take the token/)
      .waitFor({ timeout: 30_000 });
    await log().getByText("Give it another token in the tab Overview").waitFor();
    await page.getByRole("button", { name: "Add a repository" }).and(page.locator(":enabled")).waitFor();
    await looked("session-repository-wrong-token");

    await page.getByRole("button", { name: `Actions for https://${HOST}/acme/tools` }).click();
    await page.getByRole("menuitem", { name: "New token…" }).click();
    await dialog.getByRole("button", { name: "Replace" }).click();
    await dialog.getByText("Put in the token.").waitFor();
    await dialog.getByLabel("Token").fill(TOKEN);
    await looked("session-repository-new-token");
    await dialog.getByRole("button", { name: "Replace" }).click();
    await dialog.waitFor({ state: "hidden" });
    await listed().getByText("Cloned before the next tool runs").waitFor();
    // The broker looks at the new token within seconds.
    await expect
      .poll(
        async () => {
          await run("ls /workspace/tools");
          await page.getByRole("button", { name: "Add a repository" }).and(page.locator(":enabled")).waitFor();
          return await listed().getByText("Ready").count();
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toBe(2);
    await nowhere(TOKEN, WRONG);
  });

  test("the history names each step in words", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}?tab=history`);
    const panel = page.getByRole("tabpanel", { name: "History" });
    await panel.getByText("Repository is being cloned").first().waitFor();
    await panel.getByText("Repository is there").first().waitFor();
    await panel.getByText("Repository not cloned: its token is not taken").first().waitFor();
    await panel.getByText("Repository not cloned: nothing to check out").first().waitFor();
    expect(await panel.getByText(/session\.|_error|_refused/).count()).toBe(0);
    await looked("session-history-repositories");
    await nowhere(TOKEN, WRONG);
    const refused = /status of 400 /;
    expect(browser.complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
  });

  test("after all that no token is in the database, a file, a log or on a disk", async () => {
    expect(findIn(await sweepSystem(system), [TOKEN, WRONG])).toEqual([]);
  });
});
