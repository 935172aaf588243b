// Journeys 1 to 3 without a mouse: everything is reached by keys, the focus is seen at each stop, and returns after a dialog.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type Keyboard, keyboardOf } from "../../support/keyboard.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("by keyboard alone", () => {
  let system: System;
  let browser: Browser;
  let keys: Keyboard;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    keys = keyboardOf(browser.page);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const status = () => browser.page.locator("header").getByRole("status").innerText();
  const card = () => browser.page.getByRole("article", { name: "Tool call bash" }).last();
  const composer = () => browser.page.getByLabel("Message", { exact: true });
  const rests = () => expect.poll(status, { timeout: 60_000 }).toContain("Idle");

  test("journey 1: the link, the agent that waits, its message, the card with the output", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    const first = page.getByRole("region", { name: "A first session" });
    await keys.activate(first.getByRole("button", { name: "Try it" }));
    await page.waitForURL(/\/sessions\/sesn_/);
    await card().getByText("done").waitFor({ timeout: 60_000 });
    await rests();
    const opener = card().getByRole("button").first();
    await keys.tabTo(opener);
    expect(await opener.getAttribute("aria-expanded")).toBe("false");
    await keys.press("Enter");
    await card().getByText("Output").waitFor();
    expect(await keys.hasFocus(opener)).toBe(true);
    await keys.tabTo(composer());
    await keys.type("Run `echo typed-by-hand`");
    await keys.press("Enter");
    await card().getByText("echo typed-by-hand").first().waitFor({ timeout: 30_000 });
    await rests();
  });

  test("the first stop of a page leads past the navigation", async () => {
    const { page } = browser;
    await page.goto(system.url);
    await page.getByRole("heading", { name: "Sessions" }).waitFor();
    const skip = page.getByRole("link", { name: "Skip to content" });
    await keys.press("Tab");
    expect(await keys.hasFocus(skip)).toBe(true);
    await keys.press("Enter");
    await keys.press("Tab");
    expect(await keys.where()).toMatch(/New session/);
  });

  test("journey 2: an agent's code, with a key filled in; the session that it makes opens", async () => {
    const { page } = browser;
    await keys.activate(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Agents" }));
    await keys.activate(page.getByRole("link", { name: "Hello agent" }));
    await keys.activate(page.getByRole("link", { name: "Use from code" }));
    await keys.activate(page.getByRole("button", { name: "curl" }));
    await keys.activate(page.getByRole("button", { name: "Make a key and fill it in" }));
    await page.getByText("The key is filled in").waitFor();
    // The key stands in the code, and it is one that the server takes.
    const code = await page.getByRole("region", { name: "curl example" }).innerText();
    const words = [...new Set(code.match(/[\w-]{30,}/g))];
    const taken = await Promise.all(
      words.map((word) => fetch(`${system.url}/v1/agents`, { headers: { "x-api-key": word } })),
    );
    expect(taken.some(({ status }) => status === 200)).toBe(true);
    const sessions = sessionsOf(system);
    const agents = await system.client().beta.agents.list();
    const id = await sessions.talk(agents.data[0]?.id ?? "", "From a program", "Run `echo program`");
    await keys.press("Control+k");
    await page.getByRole("combobox", { name: /Find a session/ }).waitFor();
    await keys.type("from a program");
    await page
      .getByRole("option", { name: /From a program/ })
      .first()
      .waitFor();
    await keys.press("Enter");
    await page.waitForURL(new RegExp(id));
    await card().getByText("done").waitFor();
  });

  test("journey 3: a call is allowed, another denied with a reason, from the list of what waits", async () => {
    const { page } = browser;
    const sessions = sessionsOf(system);
    const careful = await sessions.agent("Careful helper", "asks");
    await sessions.talk(careful, "May I?", "Run `echo allowed`");
    await keys.activate(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: /^Approvals/ }));
    await keys.activate(page.getByRole("link", { name: "May I?" }));
    await page.waitForURL(/\/sessions\//);
    await card().getByText("Allow this call?").waitFor();
    await keys.tabTo(card().getByRole("button", { name: "Allow", exact: true }));
    await keys.tabTo(card().getByRole("button", { name: "Deny" }));
    await keys.press("Escape");
    await keys.press("a");
    await card().getByText("done").waitFor({ timeout: 30_000 });
    await rests();
    await keys.tabTo(composer());
    await keys.type("Run `rm -rf build`");
    await keys.press("Enter");
    await card().getByText("Allow this call?").waitFor({ timeout: 30_000 });
    // A person who writes leaves the field first: its letters are theirs.
    await keys.press("Escape");
    await keys.press("r");
    await keys.type("not today");
    await keys.press("Enter");
    await card().getByText("The user denied this tool call: not today").waitFor({ timeout: 30_000 });
  });

  test("the focus returns where it was after each dialog and menu", async () => {
    const { page } = browser;
    await rests();
    const more = page.getByRole("button", { name: "More actions" });
    const search = page.getByRole("button", { name: "Search in this session" });
    await keys.tabTo(search);
    await keys.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await keys.press("Escape");
    await expect.poll(() => keys.hasFocus(search)).toBe(true);
    await keys.press("Control+k");
    await page.getByRole("combobox", { name: /Find a session/ }).waitFor();
    await keys.press("Escape");
    await expect.poll(() => keys.hasFocus(search)).toBe(true);
    await keys.tabTo(more);
    await keys.press("Enter");
    await page.getByRole("menuitem", { name: "Export as Markdown" }).waitFor();
    await keys.press("Escape");
    await expect.poll(() => keys.hasFocus(more)).toBe(true);
    await keys.press("Enter");
    await page.getByRole("menuitem", { name: "Archive" }).waitFor();
    // As a menu does: the first letters choose.
    await keys.type("arc");
    // The menu moves the focus a moment after the letter.
    await expect.poll(() => keys.hasFocus(page.getByRole("menuitem", { name: "Archive" }))).toBe(true);
    await keys.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Archive this session?" });
    await dialog.waitFor();
    // Nothing behind a question can be reached.
    for (let stops = 0; stops < 6; stops++) {
      await keys.press("Tab");
      const inside = await dialog.evaluate(
        (element) => element.contains(document.activeElement) || document.activeElement === document.body,
      );
      expect(inside).toBe(true);
    }
    await keys.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await expect.poll(() => keys.hasFocus(more)).toBe(true);
    await keys.press("]");
    await page.getByRole("tab", { name: "Overview" }).waitFor();
    await keys.tabTo(page.getByRole("tab", { name: "Overview" }));
    await keys.press("ArrowLeft");
    await expect.poll(() => keys.where()).toMatch(/Events/);
    await keys.press("]");
    await page.getByRole("tab", { name: "Overview" }).waitFor({ state: "detached" });
  });

  test("the focus was seen at every stop, in the order of the page", () =>
    expect([...new Set(keys.faults)]).toEqual([]));

  test("nothing in this file uses a mouse", async () => {
    const source = await readFile(import.meta.filename, "utf8");
    const mouse = [
      ...source.matchAll(
        /\.(click|dblclick|hover|tap|fill|check|uncheck|focus|dragTo|selectOption|mouse|touchscreen|dispatchEvent)\s*[(.]/g,
      ),
    ];
    expect(mouse.map(([call]) => call)).toEqual([]);
  });

  test("the browser has nothing to complain about", () => expect(browser.complaints).toEqual([]));
});
