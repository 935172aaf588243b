// Journey 7: a newer release starts on the data of this one while a tab is open; sessions, files and the tab's stream go on.
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { makeNewerRelease } from "../../support/newer-release.ts";
import { expectSoundLog, readSessionLog } from "../../support/session-log.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const BUILD_LIMIT_MS = 900_000;

describe.skipIf(!chromium)("an upgrade", () => {
  let system: System;
  let browser: Browser;
  let release: string;

  beforeAll(async () => {
    // Built here: that takes a minute and more, which is not what the test is about, nor in its time.
    release = await makeNewerRelease({ built: true });
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await rm(release, { recursive: true, force: true });
  });

  test("the tab stays, the session goes on with its files, and the new version is offered", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    await page.getByRole("button", { name: "Try it" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    const sessionId = page.url().split("/").at(-1) ?? "";
    const status = page.locator("header").getByRole("status");
    const idle = () => expect.poll(() => status.innerText(), { timeout: 60_000 }).toContain("Idle");
    const say = async (text: string) => {
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.getByLabel("Message", { exact: true }).press("Enter");
    };
    const bash = page.getByRole("article", { name: "Tool call bash" });
    await bash.getByText("done").first().waitFor({ timeout: 30_000 });
    await idle();
    await say("Run `echo written-before > note; echo begun >> ledger; echo under way; sleep 3; echo ended >> ledger`");
    // Not only called: what it does first is done.
    await bash.last().getByText("under way", { exact: true }).waitFor();
    await page.evaluate(() => Object.assign(window, { stillTheSamePage: true }));

    // As an operator does it: Ctrl-C, the new release, npm start. The command was running.
    expect(await system.stop()).toBe(0);
    await page.getByText("Connection lost. Trying again; nothing is lost.").waitFor();
    await page.getByLabel("Message", { exact: true }).fill("half a thought");
    await system.start(release);
    expect(system.output()).toContain("Berth 99.0.0");

    await page.getByText("Berth was updated.").waitFor({ timeout: 60_000 });
    await idle();
    await page.getByText("Connection lost.").waitFor({ state: "detached" });
    expect(await page.evaluate(() => "stillTheSamePage" in window)).toBe(true);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-updated");

    await page.getByRole("button", { name: "Load the new version" }).click();
    await page.waitForFunction(() => !("stillTheSamePage" in window));
    await page.getByRole("log").waitFor();
    expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe("half a thought");
    expect(await page.getByText("Berth was updated.").count()).toBe(0);
    await say("Run `cat note; grep -c begun ledger`");
    await bash.last().getByText("done").waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByRole("log").innerText()).toMatch(/written-before\s+1\s/);
    await idle();
    expectSoundLog(await readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId }));
  });
});
