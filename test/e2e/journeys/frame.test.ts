// What stands around every room: navigation, top bar, the list beside an open session; and lists that no two tabs disagree about.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const run = promisify(execFile);
const chromium = findChromium();

describe.skipIf(!chromium)("the frame", () => {
  let system: System;
  let browser: Browser;
  let agent: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    agent = (await system.client().beta.agents.list()).data[0]?.id ?? "";
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(system.url + path, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    expect(response.status, `${method} ${path}`).toBe(200);
    // What is read of it is what the API documents.
    return (await response.json()) as T;
  }
  const newSession = (title: string, ...texts: string[]) =>
    call<{ id: string }>("POST", "/v1/sessions", {
      agent,
      title,
      initial_events: texts.map((text) => ({ type: "user.message", content: [{ type: "text", text }] })),
    });
  async function newTab(path: string): Promise<Page> {
    const page = await browser.context.newPage();
    page.on("pageerror", (error) => browser.complaints.push(`page error: ${error.message}`));
    await page.goto(system.url + path);
    return page;
  }

  test("the pages of those who work on Berth are not there without their switch", async () => {
    const page = await newTab("/dev/components");
    await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
    const statuses = ["/dev/components", "/dev/nothing", "/nothing", "/settings"].map(async (path) =>
      (await page.request.get(system.url + path)).status(),
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 200]);
    // However it is spelt.
    await page.goto(`${system.url}/%64ev/components`);
    await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
    await page.close();
    const missing = "error: Failed to load resource: the server responded with a status of 404 (Not Found)";
    expect(browser.complaints.splice(0)).toEqual([`${missing} – /dev/components`, `${missing} – /%64ev/components`]);
  });

  test("all tabs of the panel are seen at once, on a phone and beside two other columns", async () => {
    const { id } = await newSession("Tabs");
    const page = await newTab(`/sessions/${id}?tab=overview`);
    const tab = page.getByRole("tab", { name: "Events" });
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await tab.waitFor();
      const room = page.getByRole("tablist", { name: "Details" });
      const hidden = await room.evaluate((list) => list.scrollWidth - list.clientWidth);
      expect(hidden, `${width} px`).toBeLessThanOrEqual(0);
    }
    await page.screenshot({ path: "test-results/screens/phone-panel-tabs.png" });
    await page.close();
  });

  test("the table says what was said last, and says it anew when somebody answers; rows keep their places", async () => {
    const { page } = browser;
    await newSession("Older");
    const { id } = await newSession("Newer", "Run `echo said-$((40 + 2))`");
    await page.goto(system.url);
    const rows = page.getByRole("row");
    await rows
      .filter({ hasText: "Newer" })
      .getByText(/^Agent: ?$/)
      .waitFor({ timeout: 30_000 });
    await rows.filter({ hasText: "Older" }).getByText("Nothing was said yet").waitFor();
    await call("POST", `/v1/sessions/${id}`, { title: "Newer by name" });
    const older = rows.filter({ hasText: "Older" });
    await rows.filter({ hasText: "Newer by name" }).waitFor();
    await call("POST", `/v1/sessions/${(await newSession("Newest")).id}`, { title: "Newest of all" });
    await rows.filter({ hasText: "Newest of all" }).waitFor();
    const places = await Promise.all(
      ["Newest of all", "Newer by name", "Older"].map((text) => rows.filter({ hasText: text }).boundingBox()),
    );
    const tops = places.map((box) => box?.y ?? 0);
    expect([...tops].sort((a, b) => a - b)).toEqual(tops);
    expect(await older.getByRole("cell").allInnerTexts()).toHaveLength(7);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("sessions-table");
  });

  test("beside an open session the others are listed; the list is put away, and stays away", async () => {
    const { page } = browser;
    const { id } = await newSession("Open one");
    await page.goto(`${system.url}/sessions/${id}`);
    const column = page.getByRole("navigation", { name: "Other sessions" });
    await column
      .getByRole("link", { name: /Open one/ })
      .and(page.locator("[aria-current=page]"))
      .waitFor();
    await page.getByRole("heading", { name: "Open one" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-three-columns");
    await column.getByRole("link", { name: /Newer by name/ }).click();
    await page.getByRole("heading", { name: "Newer by name" }).waitFor();
    await page.getByRole("heading", { name: "Newer by name" }).click({ trial: true });
    await column.getByRole("button", { name: "Hide the list" }).click();
    await column.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("heading", { name: "Newer by name" }).waitFor();
    expect(await column.count()).toBe(0);
    await page.keyboard.press("[");
    await column.waitFor();
    await page.keyboard.press("[");
    await page.getByRole("button", { name: "Show the other sessions" }).click();
    await column.waitFor();
    await page.setViewportSize({ width: 1100, height: 900 });
    await column.waitFor({ state: "hidden" });
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("a session's menu gives its id and a command line that writes to it", async () => {
    const { page } = browser;
    const { id } = await newSession("From a shell");
    await page.goto(`${system.url}/sessions/${id}`);
    const pasted = () => page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Copy the session's id" }).click();
    await expect.poll(pasted).toBe(id);
    await page.getByRole("button", { name: "More actions" }).click();
    await browser.screenshots("session-menu");
    await page.getByRole("menuitem", { name: "Copy as curl" }).click();
    await expect.poll(pasted).toContain("curl");
    const command = await pasted();
    expect(command).not.toContain(system.apiKey);
    await run("bash", ["-c", command], { env: { ...process.env, BERTH_API_KEY: system.apiKey } });
    await page.getByRole("log").getByText("Go on.").first().waitFor();
  });

  test("the navigation is made narrow, and stays so without a jump; on a phone it lies along the bottom", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    const rooms = page.getByRole("navigation", { name: "Pages" });
    const width = async () => (await rooms.boundingBox())?.width ?? 0;
    expect(await width()).toBeGreaterThan(150);
    await page.getByRole("button", { name: "Icons only" }).click();
    await expect.poll(width).toBeLessThan(60);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agents-narrow-navigation");
    // As the server sends the page, before any script has run.
    const sent = await page.request.get(`${system.url}/agents`);
    expect(await sent.text()).toMatch(/aria-label="Pages" class="[^"]*md:w-13/);
    await page.reload();
    await rooms.getByRole("link", { name: "Environments" }).click();
    await page.waitForURL(/environments/);
    await rooms.getByRole("button", { name: "Show the names" }).click();
    await expect.poll(width).toBeGreaterThan(150);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(async () => (await rooms.boundingBox())?.y ?? 0).toBeGreaterThan(700);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("what one tab makes of agents, environments and keys is in the other, also what programs make", async () => {
    const [agents, environments, keys] = [
      await newTab("/agents"),
      await newTab("/environments"),
      await newTab("/settings/keys"),
    ];
    const made = await call<{ id: string }>("POST", "/v1/agents", { name: "From a program", model: "demo" });
    await agents.getByRole("link", { name: "From a program" }).waitFor();
    await call("POST", `/v1/agents/${made.id}`, { name: "Renamed by a program" });
    await agents.getByRole("link", { name: "Renamed by a program" }).waitFor();
    await call("POST", `/v1/agents/${made.id}/archive`);
    await agents.getByRole("link", { name: "Renamed by a program" }).waitFor({ state: "detached" });
    const environment = await call<{ id: string }>("POST", "/v1/environments", { name: "made elsewhere" });
    await environments.getByText("made elsewhere").waitFor();
    await call("DELETE", `/v1/environments/${environment.id}`);
    await environments.getByText("made elsewhere").waitFor({ state: "detached" });
    const key = await call<{ id: string }>("POST", "/v1/api_keys", { name: "nightly" });
    await keys.getByText("nightly", { exact: true }).waitFor();
    await call("POST", `/v1/api_keys/${key.id}/revoke`);
    await keys.getByText("One revoked key").waitFor();
    for (const tab of [agents, environments, keys]) await tab.close();
  });

  test("the top bar tells the team, the connection, and who is logged in; and lets them out", async () => {
    const { page } = browser;
    await page.goto(system.url);
    const bar = page.getByRole("region", { name: "Top bar" });
    await bar.getByText("Team default").waitFor();
    await bar.getByText("Live", { exact: true }).waitFor();
    await bar.getByRole("button", { name: "Find" }).click();
    await page.getByRole("combobox", { name: "Find a session" }).waitFor();
    await page.keyboard.press("Escape");
    await bar.getByRole("button", { name: /^You:/ }).click();
    await page.getByRole("menu").getByText("Logged in with a one-time link").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("user-menu");
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL(/\/login/);
    const { value } = await call<{ value: string }>("POST", "/v1/api_keys", { name: "Ada's key" });
    await page.getByLabel("API key").fill(value);
    await page.getByRole("button", { name: "Log in" }).click();
    await bar.getByRole("button", { name: /^You:/ }).getByText("Ada's key").waitFor();
    await page.goto(`${system.url}/settings`);
    await page.getByText("logged in with the key Ada's key.").waitFor();
    await browser.screenshots("settings-by-key");
    expect(browser.complaints).toEqual([]);
  });
});
