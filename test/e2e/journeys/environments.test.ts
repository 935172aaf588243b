// Environments by hand: made, changed, archived, deleted, each at an address of its own; and what this release makes of them is said.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("environments", () => {
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

  const listed = async (name: string) => {
    const found: { id: string; name: string }[] = [];
    for await (const one of system.client().beta.environments.list({ include_archived: true })) found.push(one);
    return found.find((one) => one.name === name);
  };

  test("one is made, found by the keyboard, changed, and used for a session", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/environments`);
    await page.getByRole("link", { name: "default", exact: true }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("environments");
    await page.getByRole("link", { name: "New environment" }).click();
    await page.getByRole("button", { name: "Create environment" }).click();
    await page.getByText("Give the environment a name.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("builds");
    await page.getByLabel("Network", { exact: true }).selectOption("Limited network");
    await page.getByLabel("Allowed hosts").fill("https://example.com");
    await page.getByRole("button", { name: "Create environment" }).click();
    await page.getByText("holds more than a host").waitFor();
    await page.getByLabel("Allowed hosts").fill("registry.example.com\nexample.org");
    await page.getByLabel("Package registries too").check();
    await page.getByText("A change holds in running ones").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("environment-new");
    await page.getByRole("button", { name: "Create environment" }).click();
    await page.waitForURL(/\/environments\/env_/);
    await page.getByRole("heading", { name: "builds" }).waitFor();
    const made = await listed("builds");
    expect(made).toMatchObject({
      config: {
        networking: {
          type: "limited",
          allowed_hosts: ["registry.example.com", "example.org"],
          allow_package_managers: true,
          allow_mcp_servers: false,
        },
      },
    });

    await page.goto(`${system.url}/environments`);
    await page.getByRole("link", { name: "builds" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${system.url}/environments/${made?.id}`);
    await page.getByLabel("Description").fill("For builds");
    await page.getByRole("button", { name: "Add a value" }).click();
    await page.getByLabel("Name 1").fill("owner");
    await page.getByLabel("Value 1").fill("ada");
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    expect(await listed("builds")).toMatchObject({ description: "For builds", metadata: { owner: "ada" } });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("environment");

    await page.goto(`${system.url}/sessions/new`);
    await page.getByLabel("Environment").selectOption(made?.id ?? "");
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    await page.goto(`${page.url()}?tab=overview`);
    await page.getByRole("link", { name: made?.id ?? "" }).click();
    await page.getByRole("heading", { name: "builds" }).waitFor();
  });

  test("what another tab saves is in the form at once, unless something was typed: then one decides", async () => {
    const { page } = browser;
    const made = await listed("builds");
    const client = system.client();
    await page.goto(`${system.url}/environments/${made?.id}`);
    await page.getByRole("heading", { name: "builds" }).waitFor();
    await client.beta.environments.update(made?.id ?? "", { description: "by a program" });
    await expect.poll(() => page.getByLabel("Description").inputValue(), { timeout: 15_000 }).toBe("by a program");
    await page.getByLabel("Name", { exact: true }).fill("typed here");
    await client.beta.environments.update(made?.id ?? "", { description: "again" });
    await page.getByText("Somebody changed this environment").waitFor();
    await page.getByRole("button", { name: "Show theirs, drop mine" }).click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("builds");
    expect(await page.getByLabel("Description").inputValue()).toBe("again");
  });

  test("it is archived and found among the archived ones, then deleted; the default can be neither", async () => {
    const { page } = browser;
    const made = await listed("builds");
    await page.goto(`${system.url}/environments/${made?.id}`);
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Archive…" }).click();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("environment-archive");
    await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
    await page.getByText("archived", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Save", exact: true }).count()).toBe(0);
    await page.getByRole("link", { name: "Environments" }).click();
    await page.getByRole("link", { name: "default", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "builds" }).count()).toBe(0);
    await page.getByRole("link", { name: "Show archived" }).click();
    await page.getByRole("link", { name: "builds" }).click();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/environments$/);
    await page.goto(`${system.url}/environments/${made?.id}`);
    await page.getByText("There is no such environment").waitFor();
    await page.getByRole("link", { name: "Back to all environments" }).click();
    await page.getByRole("link", { name: "default", exact: true }).click();
    await page.getByText("can be neither archived nor deleted").waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    expect(await page.getByRole("menuitem", { name: "Delete…" }).getAttribute("data-disabled")).not.toBeNull();
    await page.keyboard.press("Escape");
    await browser.screenshots("environment-default");
    // The browser tells of what is not there, too.
    const missing = new RegExp(`status of 404 .* – /v1/environments/${made?.id}$`);
    expect(browser.complaints.filter((complaint) => !missing.test(complaint))).toEqual([]);
  });
});
