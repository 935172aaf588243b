// A person without a mouse: goes from stop to stop with Tab, and sees at each where they are.
import type { Locator, Page } from "playwright-core";

/** So many stops are between any two things on a page of ours. */
const MAX_STOPS = 80;

export type Keyboard = ReturnType<typeof keyboardOf>;

/** One stop of the focus, as the page itself tells it. */
type Stop = {
  name: string;
  /** An outline, a shadow or a border that the element has with the focus only. */
  visible: boolean;
  /** Within the window, or at least its beginning. */
  onScreen: boolean;
  /** In the order of the document after the stop before; from the last one the way leads to the first. */
  later: boolean;
  positive: boolean;
};

export function keyboardOf(page: Page) {
  const faults: string[] = [];

  async function judge(): Promise<void> {
    const stop = await page.evaluate<Stop | null>(describeStop);
    if (stop === null) return;
    if (!stop.visible) faults.push(`the focus is not to be seen on ${stop.name}`);
    if (!stop.onScreen) faults.push(`the focus is off the screen on ${stop.name}`);
    if (!stop.later) faults.push(`the focus jumped back to ${stop.name}`);
    if (stop.positive) faults.push(`${stop.name} has a tabindex of its own order`);
  }

  const keyboard = {
    /** What was wrong with a stop, one line each. Expected to stay empty. */
    faults,
    async press(key: string): Promise<void> {
      await page.keyboard.press(key);
    },
    async type(text: string): Promise<void> {
      await page.keyboard.type(text);
    },
    hasFocus: (wanted: Locator) => wanted.first().evaluate((element) => element === document.activeElement),
    /** Tab until the focus is there; with `back`, Shift+Tab. Each stop on the way is judged. */
    async tabTo(wanted: Locator, { back = false }: { back?: boolean } = {}): Promise<void> {
      await wanted.first().waitFor();
      await page.evaluate("window.lastStop = null");
      for (let stops = 0; stops < MAX_STOPS; stops++) {
        await page.keyboard.press(back ? "Shift+Tab" : "Tab");
        if (!back) await judge();
        if (await keyboard.hasFocus(wanted)) return;
      }
      throw new Error(`no Tab of ${MAX_STOPS} led to ${wanted}; the focus is on ${await keyboard.where()}`);
    },
    async activate(wanted: Locator): Promise<void> {
      await keyboard.tabTo(wanted);
      await page.keyboard.press("Enter");
    },
    where: async () => (await page.evaluate<Stop | null>(describeStop))?.name ?? "nothing",
  };
  return keyboard;
}

/** Runs in the page. Null where the focus is on nothing, as at the end of the page, where the browser takes it. */
const describeStop = `(() => {
  const element = document.activeElement;
  if (!element || element === document.body) { window.lastStop = null; return null; }
  const style = getComputedStyle(element);
  const drawn = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && !/, 0\\)$|transparent/.test(style.outlineColor)) || style.boxShadow !== "none";
  const box = element.getBoundingClientRect();
  const before = window.lastStop;
  const wrapped = before && before.isConnected && !(before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) && before !== element;
  window.lastStop = element;
  const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent ?? "";
  return {
    name: element.localName + " " + JSON.stringify(label.trim().slice(0, 60)) + " of " + location.pathname,
    visible: drawn,
    onScreen: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth && box.width > 0 && box.height > 0,
    later: !wrapped || element.matches("a[href='#room']"),
    positive: element.tabIndex > 0,
  };
})()`;
