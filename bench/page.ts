// The dashboard in a real browser: a session of 10,000 events beside an empty one, opened, scrolled and streamed into.
import type { Page } from "playwright-core";
import { findChromium, openBrowser } from "../test/support/browser.ts";
import { type LogWriter, oneTurn, openLogWriter } from "../test/support/stored-log.ts";
import { idOf } from "./berth.ts";
import type { Figure } from "./figures.ts";
import {
  type Frames,
  heapMb,
  measureOpening,
  type Opening,
  scrollUp,
  startFrames,
  stopFrames,
  TIMELINE,
  watchOpenings,
} from "./page-watch.ts";
import { median } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const EVENTS = 10_000;
const EVENTS_IN_TURN = 8;
const ROUNDS = 5;
const LISTED_SESSIONS = 100;
const ROW = `${TIMELINE} [data-index]`;
const LISTED = "main a[href^='/sessions/sesn_']";
/** A hard turn of the wheel, all the time. */
const SCROLL = { pxEachFrame: 100, forMs: 4_000 };
const STREAM = { perSecond: 50, forMs: 6_000 };

type Seen = { openings: Opening[]; scrolls: Frames[]; streams: Frames[]; heapsMb: number[] };
type Sessions = { long: string; empty: string };

export async function benchPage(print: (line: string) => void): Promise<Figure[]> {
  const chromium = findChromium();
  if (!chromium) throw new Error("this benchmark needs Chromium (Debian: apt-get install chromium)");
  return withBerth({ ui: true }, async (running) => {
    const writer = openLogWriter(running.system);
    const browser = await openBrowser(chromium, running.system.url);
    try {
      const { page } = browser;
      const sessions = await makeSessions(running, writer);
      await page.goto(running.system.loginUrl);
      await page.getByRole("link", { name: "Sessions" }).first().waitFor();
      await watchOpenings(page, [ROW, TIMELINE, LISTED]);
      const urlOf = (id: string) => `${running.system.url}/sessions/${id}`;
      // Scripts are in the browser's cache and compiled by the server afterwards.
      for (const id of [sessions.empty, sessions.long]) await measureOpening(page, urlOf(id), TIMELINE);
      const seen = { long: nothingSeen(), empty: nothingSeen() };
      const lists: Opening[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        seen.empty.openings.push(await measureOpening(page, urlOf(sessions.empty), TIMELINE));
        seen.empty.heapsMb.push(await heapMb(page));
        seen.long.openings.push(await measureOpening(page, urlOf(sessions.long), ROW));
        seen.long.heapsMb.push(await heapMb(page));
        lists.push(await measureOpening(page, running.system.url, LISTED));
        print(
          `round ${round}: painted after ${ms(seen.long.openings, "paintedMs")} (empty ${ms(seen.empty.openings, "paintedMs")}) ms`,
        );
      }
      for (const name of ["empty", "long"] as const) {
        await measureOpening(page, urlOf(sessions[name]), TIMELINE);
        seen[name].scrolls.push(await scroll(page, name === "long"));
        seen[name].streams.push(await stream(page, writer, sessions[name]));
        print(`${name}: ${seen[name].scrolls[0]?.perSecond.toFixed(1)} frames/s while it scrolls`);
      }
      return toFigures(seen, lists);
    } finally {
      await browser.close();
      await writer.close();
    }
  });
}

const nothingSeen = (): Seen => ({ openings: [], scrolls: [], streams: [], heapsMb: [] });
const ms = (openings: readonly Opening[], name: keyof Opening) => openings.at(-1)?.[name].toFixed(0);

async function makeSessions({ berth, agentId, environmentId }: RunningBerth, writer: LogWriter): Promise<Sessions> {
  const make = async (title: string) =>
    idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId, title }));
  for (let count = 0; count < LISTED_SESSIONS - 2; count++) await make(`Session ${count}`);
  const sessions = { empty: await make("Empty"), long: await make("Long") };
  const turns = Array.from({ length: EVENTS / EVENTS_IN_TURN }, (_, index) =>
    oneTurn({
      question: `Question ${index}. ${"Tell me more about it. ".repeat(index % 12)}`,
      output: `${"drwxr-xr-x 2 agent agent 4096 Jan  1 00:00 src\n".repeat(1 + (index % 9))}`,
      answer: `Answer ${index}\n\n- first\n- second ${"and so on ".repeat(index % 60)}\n\n\`\`\`ts\nconst a = ${index};\n\`\`\``,
    }),
  );
  await writer.append(sessions.long, turns.flat());
  return sessions;
}

async function scroll(page: Page, isLong: boolean): Promise<Frames> {
  await startFrames(page);
  const scrolled = await scrollUp(page, SCROLL);
  const frames = await stopFrames(page);
  // Twice the frames that there can be would still be less.
  if (isLong && scrolled < SCROLL.pxEachFrame * 20) throw new Error(`the long page scrolled ${scrolled} px only`);
  return frames;
}

/** Events come evenly, as from an agent that is busy, into a page whose reader is at the end. */
async function stream(page: Page, writer: LogWriter, sessionId: string): Promise<Frames> {
  await page.locator(TIMELINE).locator("..").focus();
  await page.keyboard.press("End");
  await writer.append(sessionId, [{ type: "session.status_running" }]);
  await startFrames(page);
  const beganMs = performance.now();
  const count = (STREAM.perSecond * STREAM.forMs) / 1_000;
  for (let index = 0; index < count; index++) {
    await writer.append(sessionId, [
      {
        type: "agent.message",
        content: [{ type: "text", text: `Message ${index} of a busy agent.\n\nWith **markdown**.` }],
      },
    ]);
    const nextMs = beganMs + ((index + 1) * 1_000) / STREAM.perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextMs - performance.now())));
  }
  await page
    .locator(TIMELINE)
    .getByText(`Message ${count - 1} of a busy agent.`)
    .waitFor();
  const frames = await stopFrames(page);
  await writer.append(sessionId, [
    { type: "session.status_idle", stop_reason: { type: "end_turn" }, stop_details: null },
  ]);
  return frames;
}

function toFigures({ long, empty }: { long: Seen; empty: Seen }, lists: readonly Opening[]): Figure[] {
  const all = (seen: Seen, name: keyof Opening) => median(seen.openings.map((opening) => opening[name]));
  const of = (frames: readonly Frames[], name: keyof Frames) => median(frames.map((each) => each[name]));
  return [
    {
      name: `session page, ${EVENTS.toLocaleString()} events: first paint of the timeline, median of ${ROUNDS} (baseline: an empty session)`,
      value: all(long, "paintedMs"),
      baseline: all(empty, "paintedMs"),
      unit: "ms",
      goal: { of: "value", is: "≤", limit: 1_000 },
    },
    {
      name: "– time to interactive: the end of the last long task",
      value: all(long, "interactiveMs"),
      baseline: all(empty, "interactiveMs"),
      unit: "ms",
    },
    {
      name: `– frames while it scrolls ${SCROLL.pxEachFrame} px a frame`,
      value: of(long.scrolls, "perSecond"),
      baseline: of(empty.scrolls, "perSecond"),
      unit: "/s",
      goal: { of: "ratio", is: "≥", limit: 0.95 },
      note: `worst frame ${of(long.scrolls, "worstMs").toFixed(0)} ms (empty ${of(empty.scrolls, "worstMs").toFixed(0)})`,
    },
    {
      name: "– JavaScript heap of the page",
      value: median(long.heapsMb),
      baseline: median(empty.heapsMb),
      unit: "MB",
    },
    {
      name: `– frames dropped while ${STREAM.perSecond} events/s stream into it`,
      value: of(long.streams, "droppedPercent"),
      baseline: of(empty.streams, "droppedPercent"),
      unit: "%",
      note: `worst frame ${of(long.streams, "worstMs").toFixed(0)} ms (empty ${of(empty.streams, "worstMs").toFixed(0)})`,
    },
    {
      name: `session list, ${LISTED_SESSIONS} sessions: first paint of its rows (baseline: the empty session)`,
      value: median(lists.map(({ paintedMs }) => paintedMs)),
      baseline: all(empty, "paintedMs"),
      unit: "ms",
      goal: { of: "value", is: "≤", limit: 1_000 },
    },
  ];
}
