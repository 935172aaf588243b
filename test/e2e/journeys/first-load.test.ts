// What a browser has to load before a session can be read: as it goes over the wire, counted by the browser itself.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

/** `bytes` as transferred, `fullBytes` unpacked. */
type Script = { path: string; bytes: number; fullBytes: number };

describe.skipIf(!chromium)("the first load of a session's page", () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  test("300 kB of compressed scripts show it; what is heavy comes after, or when it is asked for", async () => {
    const client = system.client();
    const agents = await client.beta.agents.list();
    const environments = await client.beta.environments.list();
    const session = await client.beta.sessions.create({
      agent: agents.data[0]?.id ?? "",
      environment_id: environments.data[0]?.id ?? "",
    });
    const message = { type: "user.message" as const, content: [{ type: "text" as const, text: "Hello" }] };
    await client.beta.sessions.events.send(session.id, { events: [message] });
    const status = async () => (await client.beta.sessions.retrieve(session.id)).status;
    await expect.poll(status, { timeout: 60_000 }).toBe("idle");

    const page = await browser.context.newPage();
    // The shared worker's scripts are not seen from outside: without it the page loads the same ones itself.
    await page.addInitScript("delete window.SharedWorker");
    const text = page.getByRole("log").getByText("Hello! I look around first.");
    await page.goto(`${system.url}/sessions/${session.id}`);
    await page.getByRole("log").locator(".markdown").first().waitFor();
    const settled = await page.evaluate<Script[]>(transferredScripts);
    const sources = await Promise.all(
      settled.map(async ({ path }) => (await page.request.get(system.url + path)).text()),
    );
    const heavy = settled.filter((_script, index) => sources[index]?.includes("data-streamdown"));
    expect(heavy.length).toBeGreaterThan(0);

    // The library never comes: the answer can be read all the same.
    await page.route(
      ({ pathname }) => heavy.some(({ path }) => path === pathname),
      () => new Promise(() => undefined),
    );
    await page.goto(`${system.url}/sessions/${session.id}`);
    await text.waitFor();
    expect(await page.locator(".markdown").count()).toBe(0);
    const shown = settled.filter((script) => !heavy.includes(script));
    console.log(`session page: ${told(shown)} until it shows, ${told(settled)} with markdown`);
    const uncompressed = settled.filter(
      ({ bytes, fullBytes }) => bytes === 0 || (fullBytes > 2_000 && bytes >= fullBytes),
    );
    expect(uncompressed).toEqual([]);
    expect(shown.length).toBeGreaterThan(3);
    expect(kilobytes(shown)).toBeLessThanOrEqual(300);
    // The markdown library is 86 kB of it. Neither colours of code nor terminal, charts and editor, which nobody has asked for.
    expect(kilobytes(settled)).toBeLessThanOrEqual(380);
    expect(browser.complaints).toEqual([]);
  });
});

function kilobytes(scripts: readonly Script[]): number {
  return Math.round(scripts.reduce((sum, { bytes }) => sum + bytes, 0) / 1024);
}

function told(scripts: readonly Script[]): string {
  return `${kilobytes(scripts)} kB in ${scripts.length} scripts`;
}

const transferredScripts = `performance.getEntriesByType("resource")
  .filter((one) => /[.]js($|[?])/.test(one.name))
  .map((one) => ({ path: new URL(one.name).pathname, bytes: one.encodedBodySize, fullBytes: one.decodedBodySize }))`;
