// Every page there is, in light and dark, on a desktop and a phone: axe finds nothing, the browser complains about nothing.
import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { panelTabs } from "../../../src/app/sessions/[id]/panel/panel-tabs.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser, screens } from "../../support/browser.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const dashboard = path.resolve(import.meta.dirname, "../../../src/app");
const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** Between two looks of the same size only colours differ, so only the rules about them are asked again. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
const looks = [
  { name: "wide-light", colorScheme: "light", viewport: wide },
  { name: "wide-dark", colorScheme: "dark", viewport: wide, rules: COLOUR_RULES },
  { name: "phone-dark", colorScheme: "dark", viewport: phone },
  { name: "phone-light", colorScheme: "light", viewport: phone, rules: COLOUR_RULES },
] as const;

type Visit = {
  /** Of the screenshots. */
  name: string;
  path: string;
  /** What is there when the page is. */
  shows: (page: Page) => ReturnType<Page["getByText"]>;
  /** What the browser says about it, if anything; answers of 404 are told by the console. */
  complaints?: readonly string[];
  /** As high as its content, so that the screenshot holds all of it. */
  whole?: true;
};
type Ids = Record<"agent" | "environment" | "vault" | "done" | "waiting" | "archived" | "deleted", string>;

const heading = (name: string | RegExp) => (page: Page) => page.getByRole("heading", { name }).first();
const text = (what: string | RegExp) => (page: Page) => page.getByText(what).first();
const log = (page: Page) => page.getByRole("log", { name: "Conversation" });
const missing = (what: string) =>
  `error: Failed to load resource: the server responded with a status of 404 (Not Found) – ${what}`;

/** For each route of the dashboard the pages that are looked at: its states. A new route fails the test until it is here. */
const visitsOf: Record<string, Visit[]> = {
  "/": [
    { name: "sessions", path: "/", shows: text("The tour") },
    { name: "sessions-no-match", path: "/?state=program", shows: text("No session is like this") },
  ],
  "/agents": [{ name: "agents", path: "/agents", shows: text("Careful helper") }],
  "/agents/[id]": [
    { name: "agent", path: "/agents/{agent}", shows: (page) => page.getByLabel("System prompt") },
    {
      name: "agent-missing",
      path: "/agents/agent_nothing",
      shows: heading("There is no such agent"),
      complaints: [missing("/v1/agents/agent_nothing")],
    },
  ],
  "/agents/[id]/code": [{ name: "agent-code", path: "/agents/{agent}/code", shows: text("TypeScript") }],
  "/agents/[id]/versions": [{ name: "agent-versions", path: "/agents/{agent}/versions", shows: text(/^Version 2/i) }],
  "/agents/new": [{ name: "agent-new", path: "/agents/new", shows: heading("New agent") }],
  "/approvals": [{ name: "approvals", path: "/approvals", shows: text("echo may-i") }],
  "/dev/components": [
    { name: "components-parts", path: "/dev/components", shows: text("States of a session"), whole: true },
    { name: "components-items", path: "/dev/components?show=items", shows: text("Calls that failed"), whole: true },
    { name: "lists-empty", path: "/dev/components?show=empty", shows: text("No agents yet"), whole: true },
    { name: "lists-loading", path: "/dev/components?show=loading", shows: text("Sessions: loading"), whole: true },
    { name: "lists-error", path: "/dev/components?show=error", shows: text("Something broke"), whole: true },
  ],
  "/environments": [{ name: "environments", path: "/environments", shows: heading("Environments") }],
  "/environments/[id]": [
    { name: "environment", path: "/environments/{environment}", shows: heading("Sandbox of the tests") },
    {
      name: "environment-missing",
      path: "/environments/env_nothing",
      shows: heading("There is no such environment"),
      complaints: [missing("/v1/environments/env_nothing")],
    },
  ],
  "/environments/new": [{ name: "environment-new", path: "/environments/new", shows: heading("New environment") }],
  "/login": [{ name: "login-again", path: "/login", shows: heading("Berth") }],
  "/network": [
    { name: "network", path: "/network", shows: heading("Network") },
    { name: "network-no-match", path: "/network?show=security", shows: text("No request is like this") },
  ],
  "/running": [{ name: "running", path: "/running", shows: heading("Running now") }],
  "/sessions/[id]": [
    { name: "session", path: "/sessions/{done}", shows: log },
    ...panelTabs.map(({ id, label }) => ({
      name: `session-${id}`,
      path: `/sessions/{done}?tab=${id}`,
      shows: (page: Page) => page.getByRole("tabpanel", { name: label }),
    })),
    { name: "session-waits", path: "/sessions/{waiting}", shows: text("Allow this call?") },
    { name: "session-archived", path: "/sessions/{archived}", shows: log },
    {
      name: "session-deleted",
      path: "/sessions/{deleted}",
      shows: heading("There is no such session"),
      complaints: [missing("/v1/sessions/{deleted}")],
    },
  ],
  "/sessions/[id]/ports/[port]": [
    {
      name: "port-missing",
      path: "/sessions/sesn_nothing/ports/8080",
      shows: text("There is no session sesn_nothing"),
      complaints: [missing("/v1/sessions/sesn_nothing/previews")],
    },
  ],
  "/sessions/new": [{ name: "session-new", path: "/sessions/new", shows: heading("New session") }],
  "/settings": [{ name: "settings", path: "/settings", shows: heading("Settings") }],
  "/settings/keys": [{ name: "keys", path: "/settings/keys", shows: text("Key of a program") }],
  "/settings/licences": [{ name: "licences", path: "/settings/licences", shows: heading("Licences") }],
  "/settings/networking": [
    { name: "team-networking", path: "/settings/networking", shows: text("Ceiling of all environments") },
  ],
  "/usage": [{ name: "usage", path: "/usage", shows: heading("Usage") }],
  "/vaults": [{ name: "vaults", path: "/vaults", shows: text("Vault of the tests") }],
  "/vaults/[id]": [
    { name: "vault", path: "/vaults/{vault}", shows: text("TOKEN_OF_THE_TESTS") },
    {
      name: "vault-missing",
      path: "/vaults/vlt_nothing",
      shows: heading("There is no such vault"),
      complaints: [missing("/v1/vaults/vlt_nothing")],
    },
  ],
};
const visits = Object.values(visitsOf).flat();
const nowhere: Visit = {
  name: "not-found",
  path: "/nothing/here",
  shows: heading("There is nothing at this address"),
  complaints: [missing("/nothing/here")],
};

/** As Next.js makes them from the files. */
function routes(): string[] {
  const files = readdirSync(dashboard, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /(^|\/)page\.tsx$/.test(file))
    .map((file) => `/${path.dirname(file)}`.replace(/\/\.$/, "/"));
}

describe.skipIf(!chromium)("every page", () => {
  let system: System;
  let browser: Browser;
  /** By the names that stand in the visits' paths. */
  let ids: Partial<Ids> = {};

  beforeAll(async () => {
    system = await startSystem({ ui: true, env: { BERTH_DEV_PAGES: "on" } });
    browser = await openBrowser(chromium ?? "", system.url);
    await mkdir(screens, { recursive: true });
    await browser.page.goto(`${system.url}/login`);
    expect(await look({ name: "login", path: "/login", shows: heading("Berth") })).toEqual([]);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    ids = await fill();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function fill(): Promise<Ids> {
    const client = system.client();
    const sessions = sessionsOf(system);
    const [agent, careful] = await Promise.all([sessions.agent("Helper"), sessions.agent("Careful helper", "asks")]);
    const [done, waiting, archived, deleted] = await Promise.all([
      sessions.talk(agent, "The tour", "Hello"),
      sessions.talk(careful, "May I?", "Run `echo may-i`"),
      sessions.talk(agent, "Over", "Run `echo over`"),
      sessions.make(agent, "Gone"),
    ]);
    await client.beta.sessions.archive(archived);
    await client.beta.sessions.delete(deleted);
    await client.beta.agents.update(agent, { version: 1, system: "You are helpful." });
    const key = await fetch(`${system.url}/v1/api_keys`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "Key of a program" }),
    });
    expect(key.status).toBe(200);
    const environment = await client.beta.environments.create({ name: "Sandbox of the tests" });
    const vault = await client.beta.vaults.create({ display_name: "Vault of the tests" });
    const networking = { type: "limited" as const, allowed_hosts: ["api.example.com"] };
    const secret = { secret_name: "TOKEN_OF_THE_TESTS", secret_value: "never-shown-again" };
    await client.beta.vaults.credentials.create(vault.id, {
      auth: { type: "environment_variable", networking, ...secret },
    });
    return { agent, environment: environment.id, vault: vault.id, done, waiting, archived, deleted };
  }

  const filled = (template: string) => template.replace(/\{(\w+)\}/, (_, name: keyof Ids) => ids[name] ?? "");

  async function look({ name, path: template, shows, complaints = [], whole }: Visit): Promise<string[]> {
    const { page } = browser;
    await page.setViewportSize(looks[0].viewport);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.goto(system.url + filled(template));
    await shows(page).waitFor({ timeout: 30_000 });
    const faults: string[] = [];
    for (const { name: lookName, ...media } of looks) {
      const rules = "rules" in media ? { rules: media.rules } : {};
      await page.emulateMedia({ colorScheme: media.colorScheme });
      await page.setViewportSize(media.viewport);
      if (whole) await page.setViewportSize({ ...media.viewport, height: await heightOf(page) });
      faults.push(...(await findViolations(page, rules)).map((fault) => `${name} ${lookName}: ${fault}`));
      await page.screenshot({ path: path.join(screens, `${name}-${lookName}.png`), animations: "disabled" });
    }
    const said = browser.complaints.splice(0);
    const expected = complaints.map(filled);
    faults.push(...said.filter((line) => !expected.includes(line)).map((line) => `${name}: ${line}`));
    faults.push(...expected.filter((line) => !said.includes(line)).map((line) => `${name} did not say: ${line}`));
    return faults;
  }

  /** What scrolls on a page is its room. */
  async function heightOf(page: Page): Promise<number> {
    const height = await page.evaluate<number>("document.getElementById('room').scrollHeight");
    return Math.min(16_000, height + 200);
  }

  test("is in this test's list", () => {
    expect(routes().sort()).toEqual(Object.keys(visitsOf).sort());
  });

  test.each(visits.map((visit) => [visit.name, visit] as const))("%s is without fault", async (_name, visit) => {
    expect(await look(visit)).toEqual([]);
  });

  test("an address that leads nowhere says so", async () => {
    expect(await look(nowhere)).toEqual([]);
    expect((await fetch(system.url + nowhere.path)).status).toBe(404);
  });
});
