// An agent's app in the browser: its port appears by itself, a click shows it in a tab of its own, hot reload works, and it knows nothing of Berth.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const PORT = 5173;
/** Counts over server-sent events, and says what it knows of the visitor. */
const APP = `
const http = require("http");
http.createServer((request, response) => {
  if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    let count = 0;
    const timer = setInterval(() => response.write("data: " + ++count + "\\n\\n"), 100);
    return response.on("close", () => clearInterval(timer));
  }
  response.setHeader("content-type", "text/html");
  response.end('<!doctype html><html lang="en"><title>The app</title><h1>The agent\\'s app</h1><p>Cookies: "' + (request.headers.cookie || "") + '" at ' + request.headers.host + '</p><output></output><script>new EventSource("/events").onmessage = (e) => { document.querySelector("output").textContent = "event " + e.data; };</script>');
}).listen(${PORT});
`;

describe.skipIf(!chromium)("ports", () => {
  let system: System;
  let browser: Browser;
  let sessionId: string;
  let address: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = (await client.beta.agents.create({ name: "Builder", model: "demo", tools })).id;
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent, environment_id, title: "With an app" })).id;
    address = `${system.url}/sessions/${sessionId}?tab=ports`;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function send(text: string): Promise<void> {
    const { page } = browser;
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.keyboard.press("Enter");
  }

  test("before anything listens the tab says what to do", async () => {
    const { page } = browser;
    await page.goto(address);
    await page.getByRole("heading", { name: "The sandbox does not run" }).waitFor();
    await browser.screenshots("ports-none");
  });

  test("a port appears when the agent's app listens, and opens in a tab that cannot reach back", async () => {
    const { page } = browser;
    await fetch(`${system.url}/v1/sessions/${sessionId}/files/content?path=app.js`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey },
      body: APP,
    });
    await send("Run `nohup node app.js > app.log 2>&1 & echo started`");
    const port = page.getByRole("link", { name: /^5173/ });
    await port.waitFor({ timeout: 60_000 });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("ports");

    const [tab] = await Promise.all([browser.context.waitForEvent("page"), port.click()]);
    await tab.getByRole("heading", { name: "The agent's app" }).waitFor({ timeout: 30_000 });
    await tab.getByText(/^event [1-9]/).waitFor();
    expect(new URL(tab.url()).hostname).toBe(`${PORT}-${sessionId.slice("sesn_".length)}.preview.localhost`);
    expect(new URL(tab.url()).search).toBe("");
    expect(await tab.getByText("Cookies").textContent()).toBe(`Cookies: "" at localhost:${PORT}`);
    expect(await tab.evaluate(() => [document.cookie, String(window.opener)])).toEqual(["", "null"]);
    await tab.reload();
    await tab.getByText(/^event [1-9]/).waitFor();

    await send("Run `pkill -f app.js`");
    await page.getByRole("heading", { name: "Nothing listens yet" }).waitFor({ timeout: 60_000 });
    await tab.reload();
    await tab.getByRole("heading", { name: "Nothing listens on port 5173 yet" }).waitFor();
    const shown = { ...browser, page: tab };
    await shown.page.setViewportSize({ width: 390, height: 844 });
    await tab.screenshot({ path: "test-results/screens/ports-waiting-phone-light.png" });
    await tab.emulateMedia({ colorScheme: "dark" });
    await tab.screenshot({ path: "test-results/screens/ports-waiting-phone-dark.png" });
    await send("Run `nohup node app.js > app.log 2>&1 & echo again`");
    // By itself, when it is up again.
    await tab.getByRole("heading", { name: "The agent's app" }).waitFor({ timeout: 60_000 });
    await tab.close();
    expect(browser.complaints.filter((complaint) => !complaint.includes("preview.localhost"))).toEqual([]);
  });

  test("a port that cannot be is told on the page", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}/ports/99999`);
    await page.getByRole("alert").waitFor();
    await browser.screenshots("ports-refused");
    browser.complaints.splice(0);
  });
});
