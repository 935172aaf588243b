// Many tabs of one browser: all live on one connection, never of different opinions; a tab by itself where the browser cannot share.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";
import { until } from "../../support/until.ts";

const chromium = findChromium();
const TABS = 12;

describe.skipIf(!chromium)("many tabs", () => {
  let system: System;
  let browser: Browser;
  let agents: { asks: string; acts: string };
  let environmentId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const makeAgent = async (name: string, type: "always_ask" | "always_allow") => {
      const default_config = { enabled: true, permission_policy: { type } };
      const tools = [{ type: "agent_toolset_20260401" as const, default_config }];
      return (await client.beta.agents.create({ name, model: "demo", tools })).id;
    };
    agents = {
      asks: await makeAgent("Careful helper", "always_ask"),
      acts: await makeAgent("Quick helper", "always_allow"),
    };
    environmentId = (await client.beta.environments.list()).data[0]?.id ?? "";
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function newSession(title: string, agent: "asks" | "acts" = "acts"): Promise<string> {
    const made = { agent: agents[agent], environment_id: environmentId, title };
    return (await system.client().beta.sessions.create(made)).id;
  }
  async function say(sessionId: string, text: string): Promise<void> {
    const event = { type: "user.message" as const, content: [{ type: "text" as const, text }] };
    await system.client().beta.sessions.events.send(sessionId, { events: [event] });
  }
  async function newTab(path: string): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(system.url + path);
    return page;
  }
  async function closeTabs(tabs: Page[]): Promise<void> {
    for (const tab of tabs) await tab.close();
  }

  test("twelve sessions in twelve tabs all show what happens, and a message can still be sent", async () => {
    const ids = await Promise.all(Array.from({ length: TABS }, (_, index) => newSession(`Tab ${index}`)));
    const tabs: Page[] = [];
    for (const id of ids) tabs.push(await newTab(`/sessions/${id}`));
    await Promise.all(tabs.map((tab, index) => tab.getByRole("heading", { name: `Tab ${index}` }).waitFor()));
    await Promise.all(ids.map((id, index) => say(id, `hello tab ${index}!`)));
    await Promise.all(tabs.map((tab, index) => tab.getByText(`hello tab ${index}!`).first().waitFor()));
    const last = tabs.at(-1) as Page;
    await last.getByLabel("Message", { exact: true }).fill("sent from the last tab");
    await last.keyboard.press("Enter");
    await last.getByRole("log").getByText("sent from the last tab").first().waitFor();
    await closeTabs(tabs);
  });

  test("what is renamed in one tab is renamed in the others, also in one that was opened in between", async () => {
    const id = await newSession("Before");
    const [session, list] = [await newTab(`/sessions/${id}`), await newTab("/")];
    await session.getByRole("heading", { name: "Before" }).waitFor();
    await list.getByRole("link", { name: "Before", exact: true }).waitFor();
    const other = await newTab(`/sessions/${id}`);
    await other.getByRole("heading", { name: "Before" }).waitFor();
    await session.getByTitle("Rename").click();
    await session.keyboard.press("Control+a");
    await session.keyboard.type("After");
    await session.keyboard.press("Enter");
    await list.getByRole("link", { name: "After", exact: true }).waitFor();
    await other.getByRole("heading", { name: "After" }).waitFor();
    await system.client().beta.sessions.delete(id);
    await list.getByRole("link", { name: "After", exact: true }).waitFor({ state: "detached" });
    await other.getByText("This session was deleted").waitFor();
    await closeTabs([session, list, other]);
  });

  test("what is decided in one tab is gone from the inbox of the other, from its badge and from the filtered list", async () => {
    const id = await newSession("To decide", "asks");
    const [inbox, other, waiting] = [
      await newTab("/approvals"),
      await newTab("/approvals"),
      await newTab("/?state=waiting"),
    ];
    await waiting.getByText("No session waits for you").waitFor();
    await waiting.screenshot({ path: "test-results/screens/sessions-nothing-waits.png" });
    await say(id, "Run `echo decided`");
    const cards = [inbox, other].map((tab) => tab.getByRole("article", { name: "To decide" }));
    await Promise.all(cards.map((card) => card.getByText("echo decided").first().waitFor({ timeout: 30_000 })));
    await waiting.getByRole("link", { name: "To decide" }).waitFor();
    await other.getByRole("link", { name: /Approvals.*1/ }).waitFor();
    expect(await findViolations(waiting)).toEqual([]);
    await cards[0]?.getByRole("button", { name: "Allow", exact: true }).click();
    await cards[1]?.waitFor({ state: "detached", timeout: 30_000 });
    await waiting.getByText("No session waits for you").waitFor();
    await expect.poll(() => other.getByRole("link", { name: /Approvals.*waiting/ }).count()).toBe(0);
    await closeTabs([inbox, other, waiting]);
  });

  test("filters are in the address; what no longer belongs leaves the list by itself", async () => {
    const { page } = browser;
    const id = await newSession("Will wait", "asks");
    await page.goto(`${system.url}/`);
    await page.getByRole("link", { name: "Will wait" }).waitFor();
    await page.getByRole("link", { name: "Idle", exact: true }).click();
    await page.waitForURL(/state=idle/);
    await page.getByRole("link", { name: "Will wait" }).waitFor();
    await say(id, "Run `echo wait`");
    await page.getByRole("link", { name: "Will wait" }).waitFor({ state: "detached", timeout: 30_000 });
    await page.getByRole("link", { name: /^Waiting for you(?!r)/ }).click();
    await page.getByRole("link", { name: "Will wait" }).waitFor();
    await browser.screenshots("sessions-waiting-filter");
    await page.getByLabel("Agent", { exact: true }).selectOption(agents.asks);
    await page.waitForURL(/agent=agent_/);
    await page.getByRole("link", { name: "Will wait" }).waitFor();
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("agent="));
  });

  test("nothing was complained about", () => expect(browser.complaints).toEqual([]));

  test("without SharedWorker a tab is live by itself; a lost connection is told and made good", async () => {
    const id = await newSession("Alone");
    const page = await browser.context.newPage();
    await page.addInitScript("delete window.SharedWorker");
    await page.goto(`${system.url}/sessions/${id}`);
    await page.getByRole("heading", { name: "Alone" }).waitFor();
    await say(id, "while connected");
    await page.getByText("while connected").first().waitFor();
    await page.route("**/v1/sessions/stream*", (route) => route.abort());
    await system.killPart("web");
    await page.getByText("Connection lost. Trying again; nothing is lost.").waitFor();
    await page.screenshot({ path: "test-results/screens/connection-lost.png" });
    await until(() =>
      say(id, "while away").then(
        () => true,
        () => false,
      ),
    );
    await page.unroute("**/v1/sessions/stream*");
    await page.getByText("while away").first().waitFor({ timeout: 30_000 });
    await page.getByText("Connection lost.").waitFor({ state: "detached" });
    await page.close();
  });

  test("logged out in one tab, all tabs are at the login", async () => {
    const [one, other] = [await newTab("/"), await newTab("/agents")];
    await other.getByRole("link", { name: "Agents" }).first().waitFor();
    // Not waited for: the tab may be on its way to the login before its own answer is there.
    await one.evaluate(() => {
      void fetch("/auth/logout", { method: "POST", headers: { "x-berth-csrf": "1" }, keepalive: true });
    });
    // A tab that hears of it twice, by another tab and by an answer, goes there twice.
    await Promise.all([one, other].map((tab) => tab.getByLabel("API key").waitFor({ timeout: 30_000 })));
    expect([one, other].map((tab) => new URL(tab.url()).pathname)).toEqual(["/login", "/login"]);
    await closeTabs([one, other]);
  });
});
