// What is measured inside of a page: when something was painted, when the page was free for its user, how evenly it draws.
import type { Page } from "playwright-core";

/** What the page of an open session has when its timeline is there, with rows or without. */
export const TIMELINE = "[role=log]";
/** Without a long task for so long, a page is free for its user. */
const QUIET_MS = 500;
const LONG_MS = 5_000;
/** Of a screen with 60 frames a second. */
export const FRAME_MS = 1_000 / 60;

/** Milliseconds since the navigation began. */
export type Opening = { paintedMs: number; interactiveMs: number };
export type Frames = { perSecond: number; worstMs: number; droppedPercent: number };

declare global {
  interface Window {
    benchTasks: { start: number; end: number }[];
    benchPainted: Record<string, number>;
    benchFrames: { times: number[]; stop: boolean };
  }
}

/** For every page from now on: notes long tasks, and when each of these was first painted. */
export async function watchOpenings(page: Page, selectors: readonly string[]): Promise<void> {
  await page.addInitScript((wanted: readonly string[]) => {
    window.benchTasks = [];
    window.benchPainted = {};
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        window.benchTasks.push({ start: startTime, end: startTime + duration });
    }).observe({ type: "longtask", buffered: true });
    const look = () => {
      for (const selector of wanted) {
        if (selector in window.benchPainted || !document.querySelector(selector)) continue;
        window.benchPainted[selector] = Number.NaN;
        // A message is handled after the frame that the page has been drawn in.
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => {
            window.benchPainted[selector] = performance.now();
          };
          channel.port2.postMessage(null);
        });
      }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  }, selectors);
}

/** Loads a page anew, with its scripts in the browser's cache, and waits until it is free for its user. */
export async function measureOpening(page: Page, url: string, selector: string): Promise<Opening> {
  await page.goto("about:blank");
  await page.goto(url);
  return page.evaluate(
    async ({ wanted, quietMs }) => {
      const free = () => {
        const paintedMs = window.benchPainted[wanted];
        if (paintedMs === undefined || Number.isNaN(paintedMs)) return null;
        const lastEnd = Math.max(paintedMs, ...window.benchTasks.map(({ end }) => end));
        return performance.now() - lastEnd > quietMs ? { paintedMs, interactiveMs: lastEnd } : null;
      };
      for (let result = free(); ; result = free()) {
        if (result) return result;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    { wanted: selector, quietMs: QUIET_MS },
  );
}

/** Notes the time of every frame; `stopFrames` ends it. */
export async function startFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.benchFrames = { times: [], stop: false };
    requestAnimationFrame(function note(time) {
      window.benchFrames.times.push(time);
      if (!window.benchFrames.stop) requestAnimationFrame(note);
    });
  });
}

export async function stopFrames(page: Page): Promise<Frames> {
  const times = await page.evaluate(() => {
    window.benchFrames.stop = true;
    return window.benchFrames.times;
  });
  return framesOf(times);
}

/** Scrolls the timeline upwards for a while, so much each frame. Answers how far it came. */
export async function scrollUp(page: Page, options: { pxEachFrame: number; forMs: number }): Promise<number> {
  return page.evaluate(
    ({ log, pxEachFrame, forMs }) =>
      new Promise<number>((done) => {
        const region = document.querySelector(log)?.parentElement;
        if (!region) throw new Error("there is no timeline");
        const beganMs = performance.now();
        let scrolled = 0;
        requestAnimationFrame(function move(time) {
          const before = region.scrollTop;
          region.scrollTop -= pxEachFrame;
          scrolled += before - region.scrollTop;
          if (time - beganMs < forMs) requestAnimationFrame(move);
          else done(scrolled);
        });
      }),
    { log: TIMELINE, ...options },
  );
}

function framesOf(times: readonly number[]): Frames {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const allMs = gaps.reduce((sum, gap) => sum + gap, 0);
  if (gaps.length === 0 || allMs > LONG_MS * 20) throw new Error(`these are no frames: ${gaps.length} in ${allMs} ms`);
  const dropped = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / FRAME_MS) - 1), 0);
  return {
    perSecond: (gaps.length * 1_000) / allMs,
    worstMs: Math.max(...gaps),
    droppedPercent: (dropped / (dropped + gaps.length)) * 100,
  };
}

/** Of the page's own thread, after a collection of garbage, in MB. */
export async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send("HeapProfiler.collectGarbage");
    await session.send("Performance.enable");
    const { metrics } = await session.send("Performance.getMetrics");
    const used = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value;
    if (used === undefined) throw new Error("the browser tells no heap size");
    return used / 1024 ** 2;
  } finally {
    await session.detach();
  }
}
