// Code that a page loads beside it does not come: the server is away for a while, or an update took the file away.
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const SERVER_AWAY = "The server does not answer. Trying again; what is missing on this page comes by itself.";

describe.skipIf(!chromium)("missing parts", () => {
  let system: System;
  let browser: Browser;
  let sessionPage: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openDashboard(chromium, system);
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = await client.beta.agents.create({ name: "Helper", model: "demo", tools });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent: agent.id, environment_id, title: "Missing parts" });
    sessionPage = `${system.url}/sessions/${id}`;
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const isScript = (url: URL) => url.pathname.startsWith("/_next/static/");
  const isBuildQuestion = (url: URL) => url.pathname === "/login";
  const composer = (page: Page) => page.getByLabel("Message", { exact: true });
  const tab = (page: Page, name: string) => page.getByRole("tab", { name });
  const eventsAreThere = (page: Page) => page.getByLabel("Type of event").waitFor({ timeout: 30_000 });

  /** A page on which nothing is still on its way. */
  async function open(path: string): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(path);
    await page.waitForLoadState("networkidle");
    await page.evaluate(() => Object.assign(window, { stillTheSamePage: true }));
    return page;
  }
  const isSamePage = (page: Page) => page.evaluate(() => "stillTheSamePage" in window);

  async function takeServerAway(page: Page): Promise<() => Promise<void>> {
    const lose = (route: Route) => route.abort("connectionrefused");
    for (const which of [isScript, isBuildQuestion]) await page.route(which, lose);
    return async () => {
      for (const which of [isScript, isBuildQuestion]) await page.unroute(which, lose);
    };
  }

  test("while the server is away a part is asked for again, which the page says; then it is there by itself", async () => {
    const page = await open(`${sessionPage}?tab=overview`);
    const bringBack = await takeServerAway(page);
    await composer(page).fill("half a thought");
    await tab(page, "Events").click();
    await page.getByText(SERVER_AWAY).waitFor();
    // On a phone the panel is all that is seen.
    const panel = page.getByRole("tabpanel");
    await panel.getByText("The server does not answer. Trying again.").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("part-away", page);
    await bringBack();
    await eventsAreThere(page);
    await page.getByText(SERVER_AWAY).waitFor({ state: "detached" });
    expect(await isSamePage(page)).toBe(true);
    expect(await composer(page).inputValue()).toBe("half a thought");
    await page.close();
  });

  test("a part that is asked for while web is killed is there once it runs again", async () => {
    const page = await open(`${sessionPage}?tab=overview`);
    await system.killPart("web");
    // One that this browser has not kept from before.
    await tab(page, "Ports").click();
    await page.getByRole("tabpanel").getByText("The sandbox does not run").waitFor({ timeout: 30_000 });
    expect(await isSamePage(page)).toBe(true);
    await page.close();
  });

  test("a whole page whose code did not come is there by itself, too", async () => {
    const asked = new Set<string>();
    const known = await browser.context.newPage();
    known.on("request", (request) => asked.add(new URL(request.url()).pathname));
    await known.goto(system.url);
    await known.waitForLoadState("networkidle");
    const before = new Set(asked);
    await known.goto(`${system.url}/usage`);
    await known.getByRole("heading", { name: "Usage" }).waitFor();
    await known.waitForLoadState("networkidle");
    await known.close();

    const page = await browser.context.newPage();
    const isOwn = (url: URL) =>
      isBuildQuestion(url) || (isScript(url) && asked.has(url.pathname) && !before.has(url.pathname));
    await page.route(isOwn, (route) => route.abort("connectionrefused"));
    await page.goto(system.url);
    await page.evaluate(() => Object.assign(window, { stillTheSamePage: true }));
    await page.getByRole("link", { name: "Usage" }).first().click();
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("page-away", page);
    await page.unroute(isOwn);
    await page.getByRole("heading", { name: "Usage" }).waitFor({ timeout: 30_000 });
    expect(await isSamePage(page)).toBe(true);
    await page.close();
  });

  test("after an update that took the part away the page loads itself anew, once; what is written stays", async () => {
    const page = await open(`${sessionPage}?tab=overview`);
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    // What this page asks for now was not asked for yet; what loads it anew is there.
    const there = new Set(
      await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)),
    );
    const isGone = (url: URL) => isScript(url) && !there.has(url.pathname);
    await page.route(isGone, (route) => route.fulfill({ status: 404, body: "Not Found" }));
    await page.route(isBuildQuestion, (route) => route.fulfill({ headers: { "berth-build": "a newer one" } }));
    await composer(page).fill("half a thought");
    await tab(page, "Events").click();
    await expect.poll(() => loads).toBe(1);
    await page.getByText("A part of this page comes only with the new version").waitFor({ timeout: 30_000 });
    expect(await composer(page).inputValue()).toBe("half a thought");
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("part-gone", page);
    await page.unroute(isGone);
    await eventsAreThere(page);
    expect(loads).toBe(1);
    await page.close();
  });
});
