// Journey 1. A newcomer: what the terminal says, the printed link, the agent that waits, one click; then an agent of their own.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const run = promisify(execFile);
const chromium = findChromium();

describe.skipIf(!chromium)("the first ten minutes", () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  test("the terminal says what runs, where it is, how to log in, and how to stop", () => {
    const printed = system.output();
    expect(printed).toMatch(/^Berth \d+\.\d+\.\d+/m);
    expect(printed).toMatch(/^ {2}database {3}embedded Postgres 18 · \S+\/postgres +ready( {2}\d+\.\d s)?$/m);
    expect(printed).toMatch(/^ {2}sandboxes {2}local: bubblewrap \S+ .* +ready( {2}\d+\.\d s)?$/m);
    expect(printed).toMatch(/^ {2}models {5}demo model \(set LITELLM_GATEWAY_URL to use yours\) +ready$/m);
    expect(printed).toMatch(new RegExp(`^ {2}web {8}${system.url} +ready {2}\\d+\\.\\d s$`, "m"));
    expect(printed).toMatch(/^ {2}Open {2}http:\S+\/login\?token=\S+ +\(works once; `.*login` prints another\)$/m);
    expect(printed).toMatch(/^ {2}Stop with Ctrl-C\. Sessions go on where they were at the next start\.$/m);
    // Nothing else: no warning, no log, no colours where nobody sees them.
    expect(printed).not.toContain("\u001b");
    const told = printed
      .slice(printed.indexOf("Berth "))
      .trim()
      .split("\n")
      .filter((line) => line.trim() !== "");
    expect(
      told.filter((line) => !/^(Berth |building | {2}(database|sandboxes|models|dashboard|web|Open|Stop) )/.test(line)),
    ).toEqual([]);
  });

  test("without a login every page leads to the login page", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    await page.waitForURL(/\/login/);
    await page.getByRole("heading", { name: "Berth" }).waitFor();
    await browser.screenshots("login");
    // The API's refusals are what led here.
    const refused = "error: Failed to load resource: the server responded with a status of 401 (Unauthorized)";
    const complaints = browser.complaints.splice(0);
    expect(complaints.length).toBeGreaterThan(0);
    // Whichever of the page's lists were asked for first; nothing else.
    const isRefusal = (line: string) =>
      ["/v1/agents?", "/v1/sessions?", "/auth/session"].some((asked) => line.startsWith(`${refused} – ${asked}`));
    expect(complaints.filter((line) => !isRefusal(line))).toEqual([]);
  });

  test("the printed link logs in, once", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    await page.getByRole("link", { name: "Sessions" }).first().waitFor();
    expect(new URL(page.url()).searchParams.has("token")).toBe(false);
    const again = await fetch(`${system.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-berth-csrf": "1", origin: system.url },
      body: JSON.stringify({ token: new URL(system.loginUrl).searchParams.get("token") }),
    });
    expect(again.status).toBe(401);
  });

  test("an agent waits with something to say to it; one click, and its card shows what it ran", async () => {
    await beginWithOneClick(browser);
    const { page } = browser;
    const card = page.getByRole("article", { name: "Tool call bash" });
    if ((await card.getByText("Output", { exact: true }).count()) === 0) await card.getByRole("button").first().click();
    await card
      .getByText(/Linux sandbox \d/)
      .first()
      .waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("first-session");
  });

  test("on a phone it is the same, with another link from the terminal", async () => {
    const phone = await openBrowser(chromium ?? "", system.url, { touch: true });
    try {
      const login = [
        "node",
        ["src/bin/login.ts"],
        { env: { ...process.env, BERTH_DATA_DIR: system.dataDir } },
      ] as const;
      const link = /http:\S+login\?token=\S+/.exec((await run(...login)).stdout)?.[0] ?? "";
      await phone.page.goto(link);
      await phone.page.getByRole("link", { name: "Sessions" }).first().waitFor();
      // Somebody was here before: the agent is where agents are.
      await phone.page.goto(`${system.url}/agents`);
      await phone.page.getByRole("link", { name: "Hello agent" }).tap();
      // The agent is tried on its own page, with the message that it suggests; from there the session opens in full.
      await phone.page.getByRole("button", { name: "Try it" }).tap();
      await phone.page.getByRole("button", { name: "Start", exact: true }).tap();
      await phone.page.getByRole("link", { name: "Open this session in full" }).tap();
      await showsItsCommand(phone);
      const { page } = phone;
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(phone.complaints).toEqual([]);
    } finally {
      await phone.close();
    }
  });

  test("an agent is created whose shell asks first", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents/new`);
    await page.getByLabel("Name", { exact: true }).fill("Careful helper");
    await page.getByLabel("System prompt").fill("You are careful.");
    await page.getByLabel("When bash is called").selectOption({ label: "asks first" });
    await browser.screenshots("agent-new");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.waitForURL(/\/agents\/agent_/);
    await page.getByText("Careful helper").first().waitFor();
    await browser.screenshots("agent");
  });

  test("a message is answered live; the call waits for Allow, then shows its output", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/new`);
    // Names stand within marks that keep them from reordering what is beside them.
    const choice = page.getByLabel("Agent", { exact: true });
    const agent = await choice.locator("option", { hasText: "Careful helper" }).getAttribute("value");
    await choice.selectOption(agent);
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    await page.getByLabel("Message", { exact: true }).fill("Please run `echo from-the-$((40 + 2))-sandbox`");
    await page.getByLabel("Message", { exact: true }).press("Enter");
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByRole("button", { name: "Allow", exact: true }).waitFor({ timeout: 30_000 });
    await expectText(page.locator("header").getByRole("status"), "Waiting for you");
    expect(await card.innerText()).toContain("echo from-the-$((40 + 2))-sandbox");
    await browser.screenshots("session-approval");
    await card.getByRole("button", { name: "Allow", exact: true }).click();
    await card.getByText("done").waitFor({ timeout: 30_000 });
    if ((await card.getByText("Output").count()) === 0) await card.getByRole("button").first().click();
    await card.getByText("from-the-42-sandbox").waitFor();
    await expectText(page.locator("header").getByRole("status"), "Idle");
    await browser.screenshots("session-done");
  });

  test("after a reload everything is there", async () => {
    const { page } = browser;
    const before = await page.getByRole("log").innerText();
    await page.reload();
    await page.getByRole("article", { name: "Tool call bash" }).waitFor();
    await expectText(page.locator("header").getByRole("status"), "Idle");
    const after = await page.getByRole("log").innerText();
    expect(after).toContain("echo from-the-");
    expect(after.split("\n").length).toBeGreaterThanOrEqual(Math.min(3, before.split("\n").length));
    expect(await page.locator("header").first().innerText()).toMatch(/tokens|\d/);
  });

  test("a denial reaches the agent with its reason", async () => {
    const { page } = browser;
    await page.getByLabel("Message", { exact: true }).fill("Run `rm -rf build`");
    await page.getByLabel("Message", { exact: true }).press("Enter");
    const card = page.getByRole("article", { name: "Tool call bash" }).last();
    await card.getByRole("button", { name: "Deny" }).waitFor({ timeout: 30_000 });
    await card.getByLabel("Reason for a denial").fill("not today");
    await card.getByRole("button", { name: "Deny" }).click();
    await card.getByText("The user denied this tool call: not today").waitFor({ timeout: 30_000 });
    await expectText(page.locator("header").getByRole("status"), "Idle");
  });

  test("a running command is interrupted by its button", async () => {
    const { page } = browser;
    await page.getByLabel("Message", { exact: true }).fill("Run `sleep 120`");
    await page.getByLabel("Message", { exact: true }).press("Enter");
    const card = page.getByRole("article", { name: "Tool call bash" }).last();
    await card.getByRole("button", { name: "Allow", exact: true }).click({ timeout: 30_000 });
    await expectText(page.locator("header").getByRole("status"), "Running");
    await page.getByRole("button", { name: "Interrupt" }).click();
    await expectText(page.locator("header").getByRole("status"), "Idle");
  });

  test("the other rooms have something to say", async () => {
    const { page } = browser;
    for (const [path, text] of [
      ["/", "Careful helper"],
      ["/agents", "Careful helper"],
      ["/environments", "default"],
      ["/settings", "database"],
    ] as const) {
      await page.goto(system.url + path);
      await page.getByText(new RegExp(text, "i")).filter({ visible: true }).first().waitFor();
      await browser.screenshots(path === "/" ? "sessions" : path.slice(1));
    }
    await page.goto(`${system.url}/sessions/sesn_nothing`);
    await page
      .getByText(/not found|no such|does not exist|There is no/i)
      .first()
      .waitFor();
    const missing = "error: Failed to load resource: the server responded with a status of 404 (Not Found)";
    expect(new Set(browser.complaints)).toEqual(new Set([`${missing} – /v1/sessions/sesn_nothing`]));
  });
});

/** From the room that a newcomer finds. */
async function beginWithOneClick({ page }: Browser): Promise<void> {
  const banner = page.getByRole("status").filter({ hasText: "Demo model" });
  await banner.getByText("connect your gateway").waitFor();
  for (const variable of ["LITELLM_GATEWAY_URL", "LITELLM_API_KEY"]) await banner.getByText(variable).waitFor();
  const card = page.getByRole("region", { name: "A first session" });
  await card.getByText("Hello agent is waiting").waitFor();
  const suggested = (await card.locator("p").first().innerText()).replaceAll(/[“”]/g, "");
  expect(suggested.length).toBeGreaterThan(10);
  await card.getByRole("button", { name: "Try it" }).click();
  await showsItsCommand({ page });
  await page.getByRole("log").getByText(suggested).first().waitFor();
}

async function showsItsCommand({ page }: Pick<Browser, "page">): Promise<void> {
  await page.waitForURL(/\/sessions\/sesn_/);
  const card = page.getByRole("article", { name: "Tool call bash" });
  await card.getByText("done").waitFor({ timeout: 60_000 });
  await expectText(page.locator("header").getByRole("status"), "Idle");
}

async function expectText(locator: { innerText(): Promise<string> }, text: string): Promise<void> {
  await expect.poll(() => locator.innerText(), { timeout: 30_000 }).toContain(text);
}
