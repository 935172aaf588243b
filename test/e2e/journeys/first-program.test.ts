// Journey 2: the code from an agent's page, with a key filled in on a click, runs as it is; its session appears in the dashboard as it happens.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const run = promisify(execFile);
const chromium = findChromium();

describe.skipIf(!chromium)("a first program", () => {
  let system: System;
  let browser: Browser;
  /** Inside the repository, so that programs there find the SDK. */
  let directory: string;

  beforeAll(async () => {
    const build = path.resolve(import.meta.dirname, "../../../.build");
    await mkdir(build, { recursive: true });
    directory = await mkdtemp(path.join(build, "journey-"));
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: system.url });
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  test("what the Copy button copies runs; the list shows the session without a reload, and its page the answer", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    await page.getByRole("region", { name: "A first session" }).waitFor();
    const list = await browser.context.newPage();
    await list.goto(system.url);
    await list.getByRole("region", { name: "A first session" }).waitFor();
    await list.evaluate(() => Object.assign(window, { stillTheSamePage: true }));

    await page.goto(`${system.url}/agents`);
    await page.getByRole("link", { name: "Hello agent" }).click();
    await page.getByRole("link", { name: "Use from code" }).click();
    await page.getByRole("button", { name: "Make a key and fill it in" }).click();
    await page.getByText("The key is filled in").waitFor();
    await page.getByRole("button", { name: "TypeScript" }).click();
    await page.getByRole("region", { name: "TypeScript example" }).getByRole("button", { name: /Copy/ }).last().click();
    const program = path.join(directory, "program.ts");
    await writeFile(program, await page.evaluate(() => navigator.clipboard.readText()));

    const { stdout } = await run("node", [program], { timeout: 60_000 });
    expect(stdout).toMatch(/agent\.tool_result .*Linux/);

    const row = list.getByRole("link", { name: /sesn_|First program|Untitled/ }).first();
    await row.waitFor();
    await row.click();
    await list.waitForURL(/\/sessions\/sesn_/);
    await list.getByRole("article", { name: "Tool call bash" }).getByText("done").waitFor();
    expect(await list.evaluate(() => "stillTheSamePage" in window)).toBe(true);
    expect(browser.complaints).toEqual([]);
  });
});
