// Journey 4: a long task, a closed tab, a worker killed with -9; whoever comes back finds that it went on, once.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { expectSoundLog, readSessionLog } from "../../support/session-log.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("a long task and a closed laptop", () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  test("the tab is closed, the worker is killed; back again, the task went on at the right place", async () => {
    const first = await browser.context.newPage();
    await first.goto(system.loginUrl);
    await first.getByRole("button", { name: "Try it" }).click();
    await first.waitForURL(/\/sessions\/sesn_/);
    const address = first.url();
    const sessionId = address.split("/").at(-1) ?? "";
    await first.getByRole("article", { name: "Tool call bash" }).getByText("done").first().waitFor({ timeout: 30_000 });
    await expect
      .poll(() => first.locator("header").getByRole("status").innerText(), { timeout: 30_000 })
      .toContain("Idle");
    const task = "echo begun >> ledger; sleep 4; echo ended >> ledger; cat ledger";
    await first.getByLabel("Message", { exact: true }).fill(`Run \`${task}\``);
    await first.keyboard.press("Enter");
    await first.getByRole("article", { name: "Tool call bash" }).last().getByText("running").waitFor();
    await first.close();

    await system.killPart("worker");

    const { page } = browser;
    await page.goto(address);
    const log = page.getByRole("log");
    await log.getByText("Worker changed, nothing lost.").waitFor({ timeout: 30_000 });
    await page.getByRole("article", { name: "Tool call bash" }).last().getByText("done").waitFor({ timeout: 30_000 });
    await expect
      .poll(() => page.locator("header").getByRole("status").innerText(), { timeout: 30_000 })
      .toContain("Idle");
    expect(await page.getByRole("main").getByRole("alert").count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-worker-changed");

    const entries = await readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId });
    expectSoundLog(entries);
    const result = JSON.stringify(entries.findLast(({ type }) => type === "agent.tool_result")?.content);
    expect(result.match(/begun/g)).toHaveLength(1);
    expect(result.match(/ended/g)).toHaveLength(1);
  });

  test("in a tab that stays open the same is seen as it happens, without a reload", async () => {
    const { page } = browser;
    await page.getByLabel("Message", { exact: true }).fill("Run `echo again >> ledger; sleep 3; grep -c again ledger`");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Tool call bash" }).last().getByText("running").waitFor();
    await system.killPart("worker");
    const log = page.getByRole("log");
    await expect.poll(() => log.getByText("Worker changed, nothing lost.").count(), { timeout: 30_000 }).toBe(2);
    const card = page.getByRole("article", { name: "Tool call bash" }).last();
    await card.getByText("done").waitFor({ timeout: 30_000 });
    await expect.poll(() => card.innerText()).toMatch(/\n1$|\n1\n/);
    expect(browser.complaints).toEqual([]);
  });
});
