// Whatever a tool prints, a person writes or an agent answers, and however long it is: the page stays usable, says what it
// leaves out, and gives all of it on request.
import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type LogWriter, oneTurn, openLogWriter } from "../../support/stored-log.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
/** Longer than this nothing is drawn unasked. */
const MOST_CHARACTERS = 40_000;

describe.skipIf(!chromium)("content that is huge", () => {
  let system: System;
  let browser: Browser;
  let writer: LogWriter;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    writer = openLogWriter(system);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
  }, 400_000);
  afterAll(async () => {
    await writer?.close();
    await browser?.close();
    await system?.dispose();
  });

  /** Opens a session of one turn with these words. */
  async function open(words: { question?: string; output?: string; answer?: string }): Promise<Locator> {
    const client = system.client();
    const [agents, environments] = [await client.beta.agents.list(), await client.beta.environments.list()];
    const session = await client.beta.sessions.create({
      agent: agents.data[0]?.id ?? "",
      environment_id: environments.data[0]?.id ?? "",
      title: "Huge",
    });
    await writer.append(session.id, oneTurn({ question: "Well?", output: "ok", answer: "Done.", ...words }));
    await browser.page.goto(`${system.url}/sessions/${session.id}`);
    const log = browser.page.getByRole("log");
    await log.waitFor();
    return log;
  }
  const drawn = (part: Locator) => part.evaluate((element) => element.textContent?.length ?? 0);

  test("one line of a megabyte is cut, shown in steps, and can be taken away whole", async () => {
    const line = "0123456789".repeat(100_000);
    const log = await open({ output: line });
    const card = log.getByRole("article", { name: "Tool call bash" });
    await card.getByRole("button").first().click();
    const more = card.getByRole("button", { name: "Show more (988k characters left)" });
    await more.waitFor();
    expect(await drawn(card)).toBeLessThan(MOST_CHARACTERS);
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots("session-huge-line");
    await more.click();
    await card.getByRole("button", { name: /^Show more \(8\d\dk characters left\)$/ }).waitFor();
    expect(await drawn(card)).toBeGreaterThan(90_000);
    const [download] = await Promise.all([
      browser.page.waitForEvent("download"),
      card.getByRole("button", { name: "Download all" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("output.txt");
    expect(await readFile(await download.path(), "utf8")).toBe(line);
  });

  test("a million lines in colour show their beginning in colour, and more of it still is", async () => {
    const log = await open({ output: `\u001b[31mred from here on\n${"a line that stays red\n".repeat(50_000)}` });
    const card = log.getByRole("article", { name: "Tool call bash" });
    await card.getByRole("button").first().click();
    await card.getByRole("button", { name: /^Show more \(49,94\d lines, 1\.1M characters left\)$/ }).click();
    await card.getByRole("button", { name: /^Show more \(4\d,\d{3} lines/ }).waitFor();
    const output = card.locator("pre").last();
    expect(await drawn(output)).toBeGreaterThan(MOST_CHARACTERS / 2);
    const plain = await output.evaluate(
      (element) =>
        [...element.querySelectorAll("span span")].filter((span) => !span.classList.contains("text-danger")).length,
    );
    expect(plain).toBe(0);
    expect(await findViolations(browser.page)).toEqual([]);
  });

  test("a message of 4 MB is cut, whoever wrote it", async () => {
    const question = `How about this?\n${"word ".repeat(770_000)}`;
    const answer = `# An answer\n\n${"A paragraph with **bold** and `code`.\n\n".repeat(90_000)}`;
    const log = await open({ question, answer });
    await log.getByText("A paragraph with").first().waitFor();
    await expect.poll(() => log.getByRole("button", { name: /^Show more/ }).count()).toBeGreaterThan(0);
    expect(await drawn(log)).toBeLessThan(MOST_CHARACTERS * 2);
    await log.locator("..").focus();
    await browser.page.keyboard.press("Home");
    const asked = log.getByRole("button", { name: /^Show more \(3\.8M characters left\)$/ }).first();
    await asked.scrollIntoViewIfNeeded();
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots("session-huge-message");
    const before = await drawn(log);
    await asked.click();
    await expect.poll(() => drawn(log)).toBeGreaterThan(before + 50_000);
  });

  test("a search goes into what is left out", async () => {
    const log = await open({
      output: `${"hay ".repeat(200_000)}needle${" hay".repeat(200_000)}`,
      question: "Where is it?",
    });
    const { page } = browser;
    await page.getByRole("button", { name: "Search in this session" }).click();
    await page.getByRole("searchbox").fill("needle");
    await page.getByRole("searchbox").press("Enter");
    const card = log.getByRole("article", { name: "Tool call bash" });
    await card.getByText("left out").waitFor();
    await expect.poll(() => page.evaluate("[...(CSS.highlights.get('search') ?? [])].map(String)")).toEqual(["needle"]);
    expect(await drawn(card)).toBeLessThan(MOST_CHARACTERS);
    await browser.screenshots("session-huge-search");
  });

  test("the events tab shows all of a log, and a filter finds in it", async () => {
    const client = system.client();
    const sessions = await client.beta.sessions.list();
    const id = sessions.data[0]?.id ?? "";
    await writer.append(
      id,
      Array.from({ length: 1_250 }, (_, index) =>
        oneTurn({ question: `question ${index}`, output: "x", answer: "y" }),
      ).flat(),
    );
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${id}?tab=events`);
    const panel = page.getByRole("tabpanel");
    await panel.getByText("10,008", { exact: true }).first().waitFor();
    const list = panel.getByRole("list", { name: "Events" });
    // Begins at the end; Home is the first event.
    await list.getByRole("button", { name: /^10008 / }).waitFor();
    expect(await list.getByRole("listitem").count()).toBeLessThan(80);
    await list.locator("..").focus();
    await page.keyboard.press("Home");
    await list.getByRole("button", { name: /^1 session.status_running/ }).click();
    await list.getByText('"type": "session.status_running"').waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-events");
    await panel.getByLabel("Text in the events").fill("question 1234");
    await panel.getByText("1 of 10,008").waitFor();
    await panel.getByLabel("Text in the events").fill("");
    await writer.append(id, oneTurn({ question: "new", output: "x", answer: "y" }));
    await panel.getByText("10,016", { exact: true }).first().waitFor();
    await list.getByRole("button", { name: /^10016 / }).waitFor();
  });

  test("the browser has nothing to complain about", () => {
    expect(browser.complaints).toEqual([]);
  });
});
