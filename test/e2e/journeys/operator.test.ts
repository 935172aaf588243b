// Journey 8: an operator finds a session that is stuck, sees who holds it, ends its sandbox, and it recovers; and what all of it cost.
import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEmbeddedPostgresUrl } from "../../../src/db/embedded/embedded-postgres.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("an operator", () => {
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

  async function ask(title: string, text: string): Promise<string> {
    const client = system.client();
    const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent, environment_id, title });
    await client.beta.sessions.events.send(id, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
    return id;
  }

  test("while nothing runs and nothing was used, the pages say so", async () => {
    const { page } = browser;
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Running" }).click();
    await page.getByText("No session has work").waitFor();
    await page
      .getByText(/held by|of \d+ sessions at once/)
      .first()
      .waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("running-empty");
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByText("Nothing was used in these days").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("usage-empty");
  });

  test("a stuck session is found, its holder seen, its sandbox ended; the turn ends, the files are there", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/running`);
    const id = await ask("Stuck build", "Run `echo before > note; sleep 600`");
    const row = page.getByRole("listitem").filter({ hasText: "Stuck build" });
    await row.getByText(/held by wrk_/).waitFor({ timeout: 30_000 });
    await row.getByText(/sandbox running, [\d.]+ [kMG]?B/).waitFor({ timeout: 30_000 });
    await row.getByText(/Running for [2-9]\.0 s/).waitFor({ timeout: 15_000 });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("running");
    await row.getByRole("button", { name: "End sandbox…" }).click();
    const dialog = page.getByRole("dialog", { name: "End this sandbox?" });
    await dialog.getByText("its files stay").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("running-end-sandbox");
    await dialog.getByRole("button", { name: "End sandbox" }).click();
    await row.waitFor({ state: "detached", timeout: 30_000 });

    await page.goto(`${system.url}/sessions/${id}`);
    await page.getByText("may have run").first().waitFor({ timeout: 30_000 });
    await page.getByLabel("Message", { exact: true }).fill("Run `cat note`");
    await page.keyboard.press("Enter");
    const call = page.getByRole("article", { name: "Tool call bash" }).last();
    await call.getByText("done").waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByRole("log").innerText()).toMatch(/\nbefore\n/);
  });

  test("usage: sums, a chart, tables with ways to agents and sessions, other days, a CSV file that is only data", async () => {
    const { page } = browser;
    await seedUsage();
    await page.goto(`${system.url}/usage`);
    await page.getByRole("heading", { name: "Cost by day" }).waitFor();
    await page.getByRole("figure", { name: "Cost by day and model" }).locator("svg").first().waitFor();
    await page.getByRole("cell", { name: "gpt-large" }).waitFor();
    await page.getByText(/requests without a known price/).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("usage");
    await page.getByLabel("Measure").selectOption("Tokens");
    await page.waitForURL(/show=tokens/);
    await page.getByRole("heading", { name: "Tokens by day" }).waitFor();
    await page.getByRole("link", { name: "7 days" }).click();
    await page.waitForURL(/days=7/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^berth-usage-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
    const csv = await readFile(await download.path(), "utf8");
    expect(csv.split("\r\n")[0]).toMatch(/^day,agent_id,agent_name,model,/);
    expect(csv).toContain("Stuck build");
    await page.getByRole("link", { name: "Stuck build" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    await page.goto(`${system.url}/usage?from=2020-01-01&to=2020-01-31`);
    await page.getByText("Nothing was used in these days").waitFor();
    expect(browser.complaints).toEqual([]);
  });

  test("settings tell where the data is and how much, and the licences of every package", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/settings`);
    await page.getByText(system.dataDir).waitFor();
    await page
      .getByText(/^\s*\d+(\.\d)? MB$/)
      .first()
      .waitFor({ timeout: 30_000 });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("settings");
    await page.getByRole("link", { name: "licences of what it is built with" }).click();
    await page.getByLabel("Find a package").fill("kysely");
    await page.getByText("kysely").first().click();
    await page.getByText("Permission is hereby granted").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("licences");
    expect(browser.complaints).toEqual([]);
  });

  /** A month of use: nobody can wait for it. */
  async function seedUsage(): Promise<void> {
    const client = new pg.Client({ connectionString: findEmbeddedPostgresUrl(system.dataDir) ?? "" });
    await client.connect();
    try {
      await client.query(`insert into usage_daily (session_id, day, model, team_id, agent_id, model_requests, unpriced_requests, tool_calls,
          input_tokens, output_tokens, cache_read_tokens, cost_usd, active_ms)
        select 'sesn_seed_' || d || m, current_date - d, model, a.team_id, a.id, 40 + d, case when m = 3 then 40 + d else 0 end, 12,
          20000 * (m + (d * 7) % 5), 4000 * m, 9000, case when m = 3 then 0 else 0.4 * m + (d % 4) * 0.3 end, 60000 * (d + m)
        from generate_series(1, 27) d, (values (1, 'gpt-large'), (2, 'claude-medium'), (3, 'local-small')) as v(m, model),
          (select id, team_id from agents limit 1) a where (d + m) % 6 > 0`);
    } finally {
      await client.end();
    }
  }
});
