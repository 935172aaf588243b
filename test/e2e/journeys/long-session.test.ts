// A long session from a real, stored log: it opens at its end, all of it can be reached by scrolling, by keys, by search and by
// link, and it stays where its reader is while it grows.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type LogWriter, manyCalls, oneTurn, openLogWriter } from "../../support/stored-log.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const TURNS = 1_250;

describe.skipIf(!chromium)("a session of 10,000 events", () => {
  let system: System;
  let browser: Browser;
  let writer: LogWriter;
  let id: string;
  let ids: string[];

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    writer = openLogWriter(system);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    id = await newSession("Ten thousand");
    ids = await writer.append(
      id,
      Array.from({ length: TURNS }, (_, index) =>
        oneTurn({
          question: `question ${index}. ${"Tell me more. ".repeat(index % 30)}`,
          output: `${`line of ${index}\n`.repeat(1 + (index % 5))}${index === 700 ? `${"hay\n".repeat(5_000)}one needle\n${"hay\n".repeat(5_000)}` : ""}`,
          answer: `answer ${index}\n\n- first\n- second ${"and so on ".repeat(index % 50)}`,
        }),
      ).flat(),
    );
    expect(ids).toHaveLength(10_000);
  }, 400_000);
  afterAll(async () => {
    await writer?.close();
    await browser?.close();
    await system?.dispose();
  });

  async function newSession(title: string): Promise<string> {
    const client = system.client();
    const [agents, environments] = [await client.beta.agents.list(), await client.beta.environments.list()];
    const session = await client.beta.sessions.create({
      agent: agents.data[0]?.id ?? "",
      environment_id: environments.data[0]?.id ?? "",
      title,
    });
    return session.id;
  }

  const log = (page: Page) => page.getByRole("log");
  const region = (page: Page) => log(page).locator("..");
  const fromEnd = (page: Page) =>
    region(page).evaluate((region) => region.scrollHeight - region.scrollTop - region.clientHeight);
  const drawn = (page: Page) => log(page).locator("> [data-index]").count();
  /** Inside of what scrolls, not merely drawn. */
  async function seen(page: Page, text: string): Promise<boolean> {
    const [box, frame] = [
      await log(page).getByText(text, { exact: true }).first().boundingBox(),
      await region(page).boundingBox(),
    ];
    return box !== null && frame !== null && box.y + box.height > frame.y && box.y < frame.y + frame.height;
  }
  const open = async (fragment = "") => {
    const { page } = browser;
    // A page of its own each time: a fragment alone would load nothing.
    await page.goto(`${system.url}/settings`);
    await page.goto(`${system.url}/sessions/${id}${fragment}`);
    await log(page).waitFor();
    return page;
  };

  test("opens at its end, with few of its rows drawn", async () => {
    const page = await open();
    await expect.poll(() => seen(page, `answer ${TURNS - 1}`)).toBe(true);
    const openMs = await page.evaluate<number>("performance.now()");
    console.log(`session page: 10,000 events are there ${Math.round(openMs)} ms after the start of navigation`);
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
    expect(await drawn(page)).toBeLessThan(60);
    expect(await page.getByRole("button", { name: "To the end" }).count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-long");
  });

  test("what is read does not move when what is above it is measured, all the way up", async () => {
    const { page } = browser;
    await region(page).hover();
    let last = TURNS - 1;
    for (let turn = 0; turn < 40; turn++) {
      // Where each row that is drawn stands, before and after one turn of the wheel.
      const before = await places(page);
      await page.mouse.wheel(0, -300);
      await settled(page);
      const after = await places(page);
      const both = [...before.keys()].filter((key) => after.has(key));
      expect(both.length).toBeGreaterThan(0);
      const moves = new Set(both.map((key) => Math.round((after.get(key) ?? 0) - (before.get(key) ?? 0))));
      expect([...moves], `turn ${turn} of the wheel`).toEqual([300]);
      last = turn;
    }
    expect(last).toBe(39);
    await page.getByRole("button", { name: "To the end" }).waitFor();
  });

  test("Home goes to its beginning, keys go through it, End goes to its end", async () => {
    const { page } = browser;
    await region(page).focus();
    await page.keyboard.press("Home");
    await expect.poll(() => seen(page, "question 0.")).toBe(true);
    await page.keyboard.press("PageDown");
    await expect.poll(() => seen(page, "question 0.")).toBe(false);
    await expect.poll(() => seen(page, "answer 3")).toBe(true);
    await page.keyboard.press("End");
    await expect.poll(() => seen(page, `answer ${TURNS - 1}`)).toBe(true);
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
    await page.keyboard.press("PageUp");
    await page.keyboard.press("PageUp");
    await expect.poll(() => seen(page, `answer ${TURNS - 1}`)).toBe(false);
    await page.getByRole("button", { name: "To the end" }).click();
    await expect.poll(() => seen(page, `answer ${TURNS - 1}`)).toBe(true);
  });

  test("stays at its end for a reader who asked for it, though a key still moves it", async () => {
    const { page } = browser;
    for (let round = 0; round < 5; round++) {
      await region(page).focus();
      await page.keyboard.press("PageUp");
      await page.keyboard.press("PageUp");
      await page.getByRole("button", { name: "To the end" }).click();
      await writer.append(id, oneTurn({ question: "Still there?", output: "more", answer: `still there ${round}` }));
      await expect.poll(() => seen(page, `still there ${round}`)).toBe(true);
      await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
    }
    // The button that is gone leaves the focus where the keys that follow belong.
    expect(await region(page).evaluate((region) => region === document.activeElement)).toBe(true);
  });

  test("grows under a reader who is at its end, and not under one who is not", async () => {
    const { page } = browser;
    await writer.append(id, oneTurn({ question: "One more?", output: "more", answer: "one more answer" }));
    await expect.poll(() => seen(page, "one more answer")).toBe(true);
    await region(page).hover();
    await page.mouse.wheel(0, -1_500);
    await settled(page);
    const before = await places(page);
    await writer.append(id, oneTurn({ question: "And more?", output: "more", answer: "an answer below" }));
    await page.getByRole("button", { name: "3 new" }).waitFor();
    expect([...(await places(page))].filter(([key]) => before.has(key))).toEqual([...before]);
    await page.getByRole("button", { name: "3 new" }).click();
    await expect.poll(() => seen(page, "an answer below")).toBe(true);
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
  });

  test("lets a reader go who turns the wheel while it grows without a pause", async () => {
    const { page } = browser;
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
    await region(page).hover();
    let growing = true;
    const grow = (async () => {
      for (let index = 0; growing; index++)
        await writer.append(id, [{ type: "agent.message", content: [{ type: "text", text: `busy ${index}` }] }]);
    })();
    try {
      await log(page)
        .getByText(/^busy \d+$/)
        .first()
        .waitFor();
      // Less than what counts as near to the end.
      await page.mouse.wheel(0, -30);
      await page.getByRole("button", { name: / new$/ }).waitFor();
      const before = await places(page);
      // A fast machine writes hundreds of them between two looks.
      await page.getByRole("button", { name: /^[\d,]*\d\d new$/ }).waitFor();
      const after = await places(page);
      const moved = [...before].filter(([key, top]) => after.has(key) && Math.abs((after.get(key) ?? 0) - top) > 1);
      expect(moved).toEqual([]);
    } finally {
      growing = false;
      await grow;
    }
    await page.getByRole("button", { name: /new$/ }).click();
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
  });

  test("a message can be copied as it was written", async () => {
    const { page } = browser;
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: system.url });
    await writer.append(id, oneTurn({ question: "To copy", output: "x", answer: "**Bold** words\n\n- and a list" }));
    await log(page).getByText("and a list").waitFor();
    await log(page).getByRole("button", { name: "Copy message" }).last().click();
    await log(page).getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("**Bold** words\n\n- and a list");
  });

  test("a link to any event leads to it, from a page that is opened with it", async () => {
    // Of turn 40: the message, the result of its call, and the end of a request, which no item shows.
    const [, message, , call, request, result] = ids.slice(40 * 8);
    const page = await open(`#${message}`);
    await expect
      .poll(() =>
        seen(
          page,
          "question 40. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more. Tell me more.",
        ),
      )
      .toBe(true);
    await page.locator(`[id="${message}"].outline-2`).waitFor();
    await open(`#${result}`);
    const card = page.locator(`[id="${call}"]`);
    await card.getByText("Output").waitFor();
    expect(await card.getByRole("button", { expanded: true }).count()).toBe(1);
    await open(`#${request}`);
    await page.getByRole("dialog").getByText('"type": "span.model_request_end"').waitFor();
    await page.keyboard.press("Escape");
    await open("#sevt_nowhere");
    await page.getByText("The link leads to an event that this session does not have").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-missing-event");
  });

  test("a search opens the card that holds what it found, and marks the words", async () => {
    const page = await open();
    await page.keyboard.press("/");
    await page.getByRole("searchbox").fill("NEEDLE");
    await page.getByText("1 found").waitFor();
    await page.getByRole("searchbox").press("Enter");
    const card = page.locator(`[id="${ids[700 * 8 + 3]}"]`);
    await card.getByText("one needle").waitFor();
    await expect.poll(() => page.evaluate("[...(CSS.highlights.get('search') ?? [])].map(String)")).toEqual(["needle"]);
    const mark = await page.evaluate<{ top: number; bottom: number }>(
      "(() => { const [range] = CSS.highlights.get('search'); const { top, bottom } = range.getBoundingClientRect(); return { top, bottom }; })()",
    );
    const frame = await region(page).boundingBox();
    expect(mark.top).toBeGreaterThanOrEqual(frame?.y ?? 0);
    expect(mark.bottom).toBeLessThanOrEqual((frame?.y ?? 0) + (frame?.height ?? 0));
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-search-in-output");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate("CSS.highlights.has('search')")).toBe(false);
  });

  test("5,000 calls in a turn are counted right wherever one looks, and a card that was opened stays open", async () => {
    const { page } = browser;
    const many = await newSession("Five thousand calls");
    await writer.append(many, manyCalls(5_000));
    await page.goto(`${system.url}/sessions/${many}`);
    await log(page).getByText("All of them are done.").waitFor();
    await page.getByRole("group", { name: "Calls 4,999 and 5,000 of 5,000 calls in parallel" }).waitFor();
    await region(page).focus();
    await page.keyboard.press("Home");
    await log(page).getByText("5,000 calls in parallel").waitFor();
    const first = page.getByRole("group", { name: "Calls 1 and 2 of 5,000 calls in parallel" });
    await first
      .getByRole("button", { name: /echo call 1/ })
      .first()
      .click();
    await first.getByText("Output").waitFor();
    await browser.screenshots("session-many-calls");
    // What has the focus stays drawn.
    await region(page).focus();
    await page.keyboard.press("End");
    await log(page).getByText("All of them are done.").waitFor();
    await expect.poll(() => page.getByText("echo call 2", { exact: true }).count()).toBe(0);
    await page.keyboard.press("Home");
    await first.getByText("Output").waitFor();
    expect(await findViolations(page)).toEqual([]);
  });

  test("the browser has nothing to complain about", () => {
    expect(browser.complaints).toEqual([]);
  });

  /** Rows that are drawn, by what they are, and where they stand on the screen. */
  async function places(page: Page): Promise<Map<string, number>> {
    const found = await log(page).evaluate((rows) =>
      [...rows.children].map((row): [string, number] => [
        row.getAttribute("data-index") ?? "",
        Math.round(row.getBoundingClientRect().top),
      ]),
    );
    return new Map(found);
  }

  /** Some frames without a move. */
  async function settled(page: Page): Promise<void> {
    await region(page).evaluate(
      (region) =>
        new Promise<void>((done) => {
          let top = region.scrollTop;
          let still = 0;
          requestAnimationFrame(function look() {
            still = region.scrollTop === top ? still + 1 : 0;
            top = region.scrollTop;
            if (still >= 10) done();
            else requestAnimationFrame(look);
          });
        }),
    );
  }
});
