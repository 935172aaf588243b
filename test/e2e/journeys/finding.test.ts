// Finding and doing by a few letters: any session however old, agents, pages, what the open session can do; names of any script.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const MANY = 130;

describe.skipIf(!chromium)("finding", () => {
  let system: System;
  let browser: Browser;
  let oldest: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const agent = (await client.beta.agents.create({ name: "👩\u200d💻 \u05e9\u05dc\u05d5\u05dd", model: "demo" })).id;
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const create = (title: string) => client.beta.sessions.create({ agent, environment_id, title });
    oldest = (await create("The needle of long ago")).id;
    for (let index = 0; index < MANY; index++) await create(`Hay ${index}`);
    await create("<b>bold</b> \u202egnp.exe");
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor({ timeout: 60_000 });
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const find = async (words: string) => {
    const { page } = browser;
    // It is there when keys are heard.
    await page.getByRole("button", { name: "Find" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Find a session/ }).fill(words);
  };
  const option = (name: string | RegExp) => browser.page.getByRole("option", { name });

  test("a session that no list on the screen has is found by parts of its title, and by its id", async () => {
    const { page } = browser;
    await find("needle ago");
    await option(/The needle of long ago/).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("palette-search");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${system.url}/sessions/${oldest}`);
    await page.goto(system.url);
    await page.getByRole("link", { name: "Hay 120" }).waitFor();
    await find(oldest);
    await option(/The needle of long ago/).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${system.url}/sessions/${oldest}`);
  });

  test("what is in nobody's title is told so", async () => {
    const { page } = browser;
    await find("zzzz nothing");
    await page.getByText("Nothing has these letters.").waitFor();
    await page.keyboard.press("Escape");
  });

  test("the open session is renamed, shown from another side and archived from the palette", async () => {
    const { page } = browser;
    await page.getByRole("heading", { name: "The needle of long ago" }).waitFor();
    await find("rename");
    await option(/^Rename/).waitFor();
    await browser.screenshots("palette-session");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Title");
    await page.getByLabel("Title").fill("Found again");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Found again" }).waitFor();
    await find("show events");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Events", selected: true }).waitFor();
    await find("archive");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
    await page.locator("header").getByText("Archived").waitFor();
    await page.goto(system.url);
    await page.getByRole("link", { name: "Hay 120" }).waitFor();
    await find("rename");
    expect(await option(/^Rename/).count()).toBe(0);
    await page.keyboard.press("Escape");
    await find("found again");
    await option(/Found again.*archived session/).waitFor();
    await page.keyboard.press("Escape");
  });

  test("pages, agents and environments are found; the colours are chosen, and stay over a reload", async () => {
    const { page } = browser;
    await find("licences");
    await option(/Licences/).waitFor();
    await page.keyboard.press("Escape");
    await find("default environment");
    await option(/default.*environment/).waitFor();
    await page.keyboard.press("Escape");
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await find("theme dark");
    await page.keyboard.press("Enter");
    await expect.poll(background).not.toBe(light);
    await page.reload();
    await page.getByRole("link", { name: "Hay 120" }).waitFor();
    expect(await background()).not.toBe(light);
    expect(await findViolations(page)).toEqual([]);
    await page.screenshot({ path: "test-results/screens/theme-dark-chosen.png" });
    await find("theme system");
    await page.keyboard.press("Enter");
    await expect.poll(background).toBe(light);
  });

  test("names of any script and emoji are whole, keep to themselves, and hide nothing", async () => {
    const { page } = browser;
    const row = page.getByRole("row", { name: /<b>bold<\/b>/ });
    await row.getByText("<b>bold</b> ⟨U+202E⟩gnp.exe").waitFor();
    await row.getByText("👩\u200d💻 \u05e9\u05dc\u05d5\u05dd").waitFor();
    await row.getByRole("link").click();
    const line = page.locator("header div:has(> a)");
    await line.getByText("👩\u200d💻 \u05e9\u05dc\u05d5\u05dd").waitFor();
    // What stands right of the name in the text stands right of it on the screen.
    const positions = await line.evaluate((element) => {
      const link = element.querySelector("a");
      const name = link?.querySelector("bdi")?.getBoundingClientRect();
      const range = document.createRange();
      const version = link?.lastChild;
      if (!version || !name) return null;
      range.selectNodeContents(version);
      return { nameRight: name.right, versionLeft: range.getBoundingClientRect().left };
    });
    expect(positions).not.toBeNull();
    expect(positions?.versionLeft).toBeGreaterThanOrEqual((positions?.nameRight ?? 0) - 1);
    await browser.screenshots("names-of-any-script");
  });

  test("on a phone the palette has a button that a thumb hits", async () => {
    const phone = await openBrowser(chromium ?? "", system.url, { touch: true });
    try {
      const { page } = phone;
      await page.goto(`${system.url}/login`);
      await page.getByLabel("API key").fill(system.apiKey);
      await page.getByRole("button", { name: "Log in" }).tap();
      await page.getByRole("link", { name: "Hay 120" }).waitFor();
      const button = page.getByRole("region", { name: "Top bar" }).getByRole("button", { name: "Find" });
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      await button.tap();
      await page.getByRole("combobox", { name: /Find a session/ }).fill("Hay 7");
      await page.getByRole("option", { name: /Hay 7\b/ }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await findViolations(page)).toEqual([]);
      await page.screenshot({ path: "test-results/screens/phone-palette.png" });
      await page
        .getByRole("option", { name: /Hay 7\b/ })
        .first()
        .tap();
      await page.waitForURL(/\/sessions\/sesn_/);
      await page.screenshot({ path: "test-results/screens/phone-session.png" });
      expect(phone.complaints).toEqual([]);
    } finally {
      await phone.close();
    }
  });

  test("a tab whose key another tab revokes is logged out, told why, and comes back to where it was", async () => {
    const made = await fetch(`${system.url}/v1/api_keys`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "A browser's" }),
    });
    const { value } = (await made.json()) as { value: string };
    const other = await openBrowser(chromium ?? "", system.url);
    try {
      const { page } = other;
      await page.goto(`${system.url}/login`);
      await page.getByLabel("API key").fill(value);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("link", { name: "Hay 120" }).click();
      await page.getByRole("log").waitFor();
      const address = page.url();
      const { page: own } = browser;
      await own.goto(`${system.url}/settings/keys`);
      const key = own.getByRole("listitem").filter({ hasText: "A browser's" });
      await key.getByRole("button", { name: /Revoke/ }).click();
      await own
        .getByRole("dialog")
        .getByRole("button", { name: /Revoke/ })
        .click();
      // Nothing is clicked there: its live stream ends.
      await page.getByText("The API key that you logged in with was revoked.").waitFor({ timeout: 30_000 });
      expect(new URL(page.url()).pathname).toBe("/login");
      expect(await findViolations(page)).toEqual([]);
      await other.screenshots("login-key-revoked");
      await page.getByLabel("API key").fill(system.apiKey);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.waitForURL(address);
      await page.getByRole("log").waitFor();
      await own.getByRole("heading", { name: "API keys" }).waitFor();
    } finally {
      await other.close();
    }
  });

  test("nothing was complained about", () => expect(browser.complaints).toEqual([]));
});
