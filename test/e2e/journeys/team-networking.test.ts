// A team says what its environments begin with and what none may exceed; the form of a new environment begins there, and is never refused for it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("the team's networking", () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const made = async (name: string) => {
    for await (const one of system.client().beta.environments.list()) if (one.name === name) return one.config;
    return null;
  };
  const create = async (name: string) => {
    const { page } = browser;
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Create environment" }).click();
    await page.getByRole("heading", { name }).waitFor();
  };

  test("a ceiling and a default are set, and a new environment begins below them", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/settings`);
    await page.getByRole("link", { name: "Networking of the team" }).click();
    const ceiling = page.getByRole("group", { name: "Ceiling of all environments" });
    await ceiling.getByLabel("Ceiling of all environments").selectOption("No more than what follows");
    await ceiling.getByLabel("Allowed hosts").fill("git.corp.example:99999");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await ceiling.getByText("holds a port: leave it out").waitFor();
    await ceiling.getByLabel("Allowed hosts").fill("*.corp.example\napi.github.com");
    const begin = page.getByRole("group", { name: "Default of new environments" });
    await begin.getByLabel("Default of new environments").selectOption("Limited network");
    await begin.getByLabel("Allowed hosts").fill("elsewhere.example");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText('"elsewhere.example" is more than this team allows').waitFor();
    await begin.getByLabel("Allowed hosts").fill("git.corp.example");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("team-networking");

    await page.goto(`${system.url}/environments/new`);
    await page.getByText("This team allows no environment more than: *.corp.example, api.github.com").waitFor();
    expect(await page.getByLabel("Network", { exact: true }).locator("option").allTextContents()).toEqual([
      "Limited network",
    ]);
    expect(await page.getByLabel("Allowed hosts").inputValue()).toBe("git.corp.example");
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("environment-new-below-a-ceiling");
    await create("below");
    expect(await made("below")).toMatchObject({
      networking: { type: "limited", allowed_hosts: ["git.corp.example"] },
    });
  });

  test("without a default of its own it still begins with what is not refused, and without a ceiling as the server says", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/settings/networking`);
    await page.getByLabel("Default of new environments").last().selectOption({ index: 0 });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.goto(`${system.url}/environments/new`);
    expect(await page.getByLabel("Allowed hosts").inputValue()).toBe("");
    await create("nothing");
    expect(await made("nothing")).toMatchObject({ networking: { type: "limited", allowed_hosts: [] } });
    await page.goto(`${system.url}/settings/networking`);
    await page.getByLabel("Ceiling of all environments").last().selectOption("No ceiling of the team's own");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.goto(`${system.url}/environments/new`);
    await expect.poll(() => page.getByLabel("Network", { exact: true }).inputValue()).toBe("unrestricted");
    await create("open");
    expect(await made("open")).toMatchObject({ networking: { type: "unrestricted" } });
  });
});
