// A session kept outside of Berth: as a file in three formats, and on paper, whole however long it is.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { hostileTexts } from "../../support/hostile-texts.ts";
import { type System, startSystem } from "../../support/system.ts";
import { until } from "../../support/until.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("exports of a session", () => {
  let system: System;
  let browser: Browser;
  let sessionId: string;
  let downloads: string;

  beforeAll(async () => {
    downloads = await mkdtemp(path.join(tmpdir(), "berth-exports-"));
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const agents = await client.beta.agents.list();
    const environments = await client.beta.environments.list();
    const session = await client.beta.sessions.create({
      agent: agents.data[0]?.id ?? "",
      environment_id: environments.data[0]?.id ?? "",
      title: "Café: the tour",
    });
    sessionId = session.id;
    await say("Hello");
    for (const { name, text } of hostileTexts) await say(`${name}: ${text}`);
    await say("The last message");
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    await browser.page.goto(`${system.url}/sessions/${sessionId}`);
    await browser.page.getByText("The last message").first().waitFor();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await rm(downloads, { recursive: true, force: true });
  });

  async function say(text: string): Promise<void> {
    const client = system.client();
    await client.beta.sessions.events.send(sessionId, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
    await until(async () => (await client.beta.sessions.retrieve(sessionId)).status === "idle", { timeoutMs: 60_000 });
  }

  async function download(page: Page, act: () => Promise<void>): Promise<{ name: string; file: string; text: string }> {
    const [started] = await Promise.all([page.waitForEvent("download"), act()]);
    const name = started.suggestedFilename();
    const file = path.join(downloads, name);
    await started.saveAs(file);
    return { name, file, text: await readFile(file, "utf8") };
  }
  async function fromMenu(label: string): Promise<void> {
    await browser.page.getByRole("button", { name: "More actions" }).click();
    await browser.page.getByRole("menuitem", { name: label }).click();
  }

  test("Markdown, from the menu and by /export", async () => {
    const { page } = browser;
    await page.getByRole("button", { name: "More actions" }).click();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-menu");
    await page.keyboard.press("Escape");
    const { name, text } = await download(page, () => fromMenu("Export as Markdown"));
    expect(name).toBe(`cafe-the-tour-${sessionId}.md`);
    expect(text).toMatch(/^# Café: the tour\n/);
    for (const part of ["Hello", "### Tool call: bash · done", "# Hello from Berth", "The last message"])
      expect(text).toContain(part);
    const byCommand = await download(page, async () => {
      await page.getByLabel("Message", { exact: true }).fill("/export");
      await page.keyboard.press("Enter");
    });
    expect(byCommand.name).toBe(name);
    await page.getByLabel("Message", { exact: true }).fill("/export doc");
    await page.keyboard.press("Enter");
    await page.getByText("Write /export and one of markdown, html, json.").waitFor();
  });

  test("JSON holds every event of the log", async () => {
    const { name, text } = await download(browser.page, () => fromMenu("Export as JSON"));
    expect(name).toBe(`cafe-the-tour-${sessionId}.json`);
    const exported = JSON.parse(text);
    const listed = [];
    for await (const event of system.client().beta.sessions.events.list(sessionId, { limit: 100 }))
      listed.push(event.id);
    expect(exported.events.map((event: { id: string }) => event.id)).toEqual(listed);
    expect(exported.session.id).toBe(sessionId);
  });

  test("the HTML file runs nothing, loads nothing, and can be read", async () => {
    const { name, file, text } = await download(browser.page, () => fromMenu("Export as HTML"));
    expect(name).toBe(`cafe-the-tour-${sessionId}.html`);
    // Without its policy too, nothing in it acts.
    const unguarded = text.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
    expect(unguarded.length).toBeLessThan(text.length);
    const reader = await openBrowser(chromium ?? "", "null");
    try {
      const { page } = reader;
      await page.goto(pathToFileURL(file).href);
      await page.getByRole("heading", { name: "Café: the tour" }).waitFor();
      await page.getByText("The last message").first().waitFor();
      expect(await findViolations(page)).toEqual([]);
      await reader.screenshots("export-html");
      await page.setContent(unguarded);
      await page.getByText("The last message").first().waitFor();
      expect(await page.evaluate("window.ranHostile ?? 0")).toBe(0);
      expect(reader.complaints.filter((line) => !line.startsWith("other origin: file:"))).toEqual([]);
    } finally {
      await reader.close();
    }
  });

  test("the printed page is the whole conversation", async () => {
    const { page } = browser;
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await page.emulateMedia({ media: "print" });
    const paper = page.locator(".paper");
    await paper.waitFor();
    const printed = await paper.innerText();
    for (const part of ["Café: the tour", "Hello", "uname -sr", "outlives its sandbox", "The last message"])
      expect(printed).toContain(part);
    for (const { name } of hostileTexts) expect(printed).toContain(`${name}: `);
    expect(await page.getByRole("log").isVisible()).toBe(false);
    expect(await page.getByRole("navigation").first().isVisible()).toBe(false);
    expect(await paper.locator(".markdown strong, .markdown code").count()).toBeGreaterThan(0);
    await browser.screenshots("session-print");
    await page.emulateMedia({ media: "screen" });
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await paper.waitFor({ state: "detached" });
    await page.getByRole("log").waitFor();
    // As the browser itself prints: more than one page, and nothing of the dashboard around it.
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
  });

  test("the browser has nothing to complain about", () => expect(browser.complaints).toEqual([]));
});
