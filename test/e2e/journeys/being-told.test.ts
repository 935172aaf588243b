// Being told that somebody is needed: one notification a wait, on phones too; nobody is called for a program's own tool; times
// are right on a machine whose clock is not.
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";
import { until } from "../../support/until.ts";

const chromium = findChromium();
const HOUR = 3_600_000;

describe.skipIf(!chromium)("being told", () => {
  let system: System;
  let browser: Browser;
  let careful: string;
  let deployer: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const default_config = { enabled: true, permission_policy: { type: "always_ask" as const } };
    const tools = [{ type: "agent_toolset_20260401" as const, default_config }];
    careful = (await client.beta.agents.create({ name: "Careful helper", model: "demo", tools })).id;
    const own = {
      type: "custom" as const,
      name: "deploy",
      description: "Deploys.",
      input_schema: { type: "object" as const },
    };
    deployer = (await client.beta.agents.create({ name: "Deployer", model: "demo", tools: [own] })).id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor({ timeout: 60_000 });
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function ask(agent: string, title: string, message: string): Promise<string> {
    const client = system.client();
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent, environment_id, title });
    const event = { type: "user.message" as const, content: [{ type: "text" as const, text: message }] };
    await client.beta.sessions.events.send(id, { events: [event] });
    await until(async () => (await client.beta.sessions.retrieve(id)).status === "idle", { timeoutMs: 30_000 });
    return id;
  }
  /** A tab that is in the background, and notes what it shows. `illegal`: as Chrome on Android. */
  async function hiddenTab(context: BrowserContext, { illegal = false } = {}): Promise<Page> {
    const page = await context.newPage();
    await page.addInitScript((isIllegal: boolean) => {
      Object.defineProperty(document, "hidden", { get: () => true });
      const shown: string[] = [];
      Object.assign(window, { shown });
      class Recorded {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title: string, options: NotificationOptions) {
          if (isIllegal)
            throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.");
          shown.push(`${title} | ${options.body}`);
        }
      }
      Object.assign(window, { Notification: Recorded });
      ServiceWorkerRegistration.prototype.showNotification = async (title: string, options?: NotificationOptions) => {
        shown.push(`worker: ${title} | ${options?.body}`);
      };
    }, illegal);
    await page.goto(`${system.url}/agents`);
    await page.getByRole("heading", { name: "Agents" }).waitFor();
    return page;
  }
  const shownIn = (pages: Page[]) =>
    Promise.all(pages.map((page) => page.evaluate(() => (window as unknown as { shown: string[] }).shown))).then(
      (all) => all.flat(),
    );

  test("of three hidden tabs one notifies, and none while another is on the screen", async () => {
    const { page, context } = browser;
    const tabs = [await hiddenTab(context), await hiddenTab(context), await hiddenTab(context)];
    await tabs[0]?.evaluate(() => localStorage.setItem("berth:notify", "on"));
    for (const tab of tabs) await tab.reload();
    for (const tab of tabs) await tab.getByRole("heading", { name: "Agents" }).waitFor();
    // The first tab of the browser is on the screen: its title and badge tell.
    await ask(careful, "Seen by somebody", "Run `echo seen`");
    for (const tab of [page, ...tabs])
      await tab.getByRole("link", { name: /Approvals.*1/ }).waitFor({ timeout: 30_000 });
    await page.goto("about:blank");
    await ask(careful, "Seen by nobody", "Run `echo unseen`");
    for (const tab of tabs) await tab.getByRole("link", { name: /Approvals.*2/ }).waitFor({ timeout: 30_000 });
    await expect.poll(() => shownIn(tabs)).toEqual(["Waiting for you: bash | Seen by nobody"]);
    for (const tab of tabs) await tab.close();
    await page.goto(system.url);
  });

  test("where pages may not notify, a service worker does; where that fails too, the page stays and the switch says so", async () => {
    const { page, context } = browser;
    await page.goto("about:blank");
    const phone = await hiddenTab(context, { illegal: true });
    await ask(careful, "On a phone", "Run `echo phone`");
    await expect
      .poll(() => shownIn([phone]), { timeout: 30_000 })
      .toEqual(["worker: Waiting for you: bash | On a phone"]);
    await phone.evaluate(() => {
      ServiceWorkerRegistration.prototype.showNotification = () => Promise.reject(new Error("no"));
    });
    await ask(careful, "On a broken phone", "Run `echo broken`");
    await expect.poll(() => phone.evaluate(() => localStorage.getItem("berth:notify"))).toBe("failed");
    await phone.getByRole("link", { name: /Approvals/ }).click();
    await phone.getByText("This browser could not show a notification.").waitFor();
    await phone.close();
    await page.goto(system.url);
    await page.evaluate(() => localStorage.removeItem("berth:notify"));
  });

  test("a program's own tool calls nobody: not the badge, not the title, not the inbox", async () => {
    const { page } = browser;
    await ask(deployer, "Waits for its program", "Use the deploy tool");
    await page.goto(system.url);
    const row = page.getByRole("row", { name: /Waits for its program/ });
    await row.getByText("Waiting for your program: deploy").waitFor();
    await page.getByRole("link", { name: /Approvals.*4/ }).waitFor();
    expect(await page.title()).toContain("(4)");
    await page.getByRole("link", { name: "Waiting for your program", exact: true }).click();
    await row.waitFor();
    await expect.poll(() => page.getByRole("row", { name: /Careful helper/ }).count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("waiting-for-program");
    await page.goto(`${system.url}/approvals`);
    await page.getByRole("article", { name: "Seen by somebody" }).waitFor();
    expect(await page.getByText("Waits for its program").count()).toBe(0);
  });

  test("in the approvals A and D decide about the first call", async () => {
    const { page } = browser;
    const first = page.getByRole("article", { name: "Seen by somebody" });
    await first.getByRole("button", { name: "Allow", exact: true }).waitFor();
    await page.keyboard.press("a");
    await first.waitFor({ state: "detached", timeout: 30_000 });
    const second = page.getByRole("article", { name: "Seen by nobody" });
    await second.getByRole("button", { name: "Deny" }).waitFor();
    await page.keyboard.press("r");
    await page.keyboard.type("not now");
    await page.keyboard.press("Enter");
    await second.waitFor({ state: "detached", timeout: 30_000 });
  });

  test("two tools that are allowed for good in a moment are both remembered", async () => {
    const { page } = browser;
    const id = await ask(careful, "Both", "Run `echo one` and `echo two` in parallel");
    await page.goto(`${system.url}/sessions/${id}`);
    const always = page.getByRole("button", { name: "Always allow bash in this session" });
    await always.nth(1).waitFor();
    await always.first().click();
    await always.last().click();
    await page.locator("header").getByText("Idle").waitFor({ timeout: 30_000 });
    await page.getByLabel("Message", { exact: true }).fill("Run `echo three`");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Tool call bash" }).nth(2).getByText("done").waitFor({ timeout: 30_000 });
  });

  test("T writes times out, and ages are the server's on a machine whose clock is two hours ahead", async () => {
    const { context } = browser;
    await ask(careful, "Just now", "Run `echo clock`");
    const wrong = await context.newPage();
    await wrong.addInitScript((ahead: number) => {
      const RightDate = Date;
      const now = () => RightDate.now() + ahead;
      window.Date = new Proxy(RightDate, {
        construct: (target, args) => (args.length === 0 ? new target(now()) : Reflect.construct(target, args)),
        get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
      });
    }, 2 * HOUR);
    await wrong.goto(system.url);
    const row = wrong.getByRole("row", { name: /Just now/ });
    await row.getByText("just now", { exact: true }).waitFor();
    await wrong.keyboard.press("t");
    const time = row.locator("time");
    await expect.poll(() => time.innerText()).toMatch(/\d{4}/);
    expect(await findViolations(wrong)).toEqual([]);
    // A tap does the same, and does not open the session.
    await time.click();
    await row.getByText("just now", { exact: true }).waitFor();
    expect(new URL(wrong.url()).pathname).toBe("/");
    await wrong.close();
  });

  test("nothing was complained about", () => expect(browser.complaints).toEqual([]));
});
