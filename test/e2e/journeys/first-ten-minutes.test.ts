// A newcomer in a real browser: the printed link, an agent, a session with an approval, a reload, an interrupt.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatCount } from "../../../src/app/components/format.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

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

  test("without a login every page leads to the login page", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    await page.waitForURL(/\/login/);
    await page.getByRole("heading", { name: "Berth" }).waitFor();
    await browser.screenshots("login");
    // The API's refusals are what led here.
    const refused = "error: Failed to load resource: the server responded with a status of 401 (Unauthorized)";
    const lists = ["/v1/agents?limit=100", "/v1/sessions?waiting_for=tool_confirmation&limit=100"];
    const complaints = browser.complaints.splice(0);
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.filter((line) => !lists.some((list) => line === `${refused} – ${list}`))).toEqual([]);
  });

  test("the printed link logs in, once", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    await page.getByRole("link", { name: "Sessions" }).first().waitFor();
    expect(new URL(page.url()).searchParams.has("token")).toBe(false);
    await browser.screenshots("sessions-empty");
    const again = await fetch(`${system.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-berth-csrf": "1", origin: system.url },
      body: JSON.stringify({ token: new URL(system.loginUrl).searchParams.get("token") }),
    });
    expect(again.status).toBe(401);
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
    const agents = page.getByLabel("Agent", { exact: true });
    const careful = agents.locator("option").filter({ hasText: /Careful helper.* · demo/ });
    await agents.selectOption(await careful.getAttribute("value"));
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
    // The demo model counts, and costs nothing: the header has the figures of the API.
    const sessionId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const { usage } = await system.client().beta.sessions.retrieve(sessionId);
    const { input_tokens: read = 0, output_tokens: written = 0 } = usage;
    expect(read).toBeGreaterThan(100);
    expect(written).toBeGreaterThan(10);
    const header = await page.locator("header").first().innerText();
    expect(header).toContain(`${formatCount(read)} in · ${formatCount(written)} out`);
    expect(header).toContain("$0.00");
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

  test("hostile text stays text", async () => {
    const { page } = browser;
    const attacks = [
      `<img src=x onerror="document.title='owned'">`,
      `<script>document.title='owned'</script>`,
      `[click](javascript:document.title='owned')`,
      `![pixel](http://127.0.0.1:9/pixel.png?q=secret)`,
    ].join("\n\n");
    await page.getByLabel("Message", { exact: true }).fill(`Say this back:\n${attacks}`);
    await page.getByLabel("Message", { exact: true }).press("Enter");
    await page.getByText("document.title").first().waitFor();
    expect(await page.title()).not.toContain("owned");
    expect(await page.locator("img[src^='http']").count()).toBe(0);
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

async function expectText(locator: { innerText(): Promise<string> }, text: string): Promise<void> {
  await expect.poll(() => locator.innerText(), { timeout: 30_000 }).toContain(text);
}
