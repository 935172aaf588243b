// Journey 6: the gateway refuses the key, or the model is gone; the session says so in words, the composer stays usable, "Try again" works.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../support/scripted-provider.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("something is wrong", () => {
  /** Of the gateway. Without ours, until somebody mends it. */
  const keys = ["sk-somebody-else"];
  let provider: ScriptedProvider;
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startScriptedProvider({ keys, models: ["scripted", "other"] });
    const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-ours", BERTH_DEFAULT_MODEL: "scripted" };
    system = await startSystem({ ui: true, env });
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await provider?.stop();
  });

  const log = () => browser.page.getByRole("log");
  const composer = () => browser.page.getByLabel("Message", { exact: true });
  const idle = () =>
    expect
      .poll(() => browser.page.locator("header").getByRole("status").innerText(), { timeout: 30_000 })
      .toContain("Idle");

  test("a wrong key is told with what to do; after it is mended, Try again answers the same message", async () => {
    const { page } = browser;
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = await client.beta.agents.create({ name: "Helper", model: "scripted", tools });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const session = await client.beta.sessions.create({ agent: agent.id, environment_id, title: "Wrong key" });
    await page.goto(`${system.url}/sessions/${session.id}`);
    await composer().fill("Say hello");
    await composer().press("Enter");
    const card = log().locator("[data-event]").filter({ hasText: "refused the key (401)" });
    await card.getByText(`The gateway at ${provider.url}`).waitFor({ timeout: 30_000 });
    await card.getByText("LITELLM_API_KEY").waitFor();
    expect(await composer().isEnabled()).toBe(true);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-wrong-key");

    keys.push("sk-ours");
    provider.script([{ text: "Hello from a mended gateway." }]);
    await card.getByRole("button", { name: "Try again" }).click();
    await log().getByText("Hello from a mended gateway.").waitFor({ timeout: 30_000 });
    expect(await log().getByText("Say hello", { exact: true }).count()).toBe(1);
    expect(await card.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await idle();
  });

  test("the header tells tokens and cost, as the gateway counts them, also after a reload", async () => {
    const { page } = browser;
    const tells = (figures: string[]) =>
      expect
        .poll(
          async () => {
            const header = await page.locator("header").first().innerText();
            return figures.filter((figure) => header.includes(figure));
          },
          { timeout: 30_000 },
        )
        .toEqual(figures);
    const agent = (await system.client().beta.agents.list()).data.find(({ name }) => name === "Helper");
    const environment_id = (await system.client().beta.environments.list()).data[0]?.id ?? "";
    const { id } = await system
      .client()
      .beta.sessions.create({ agent: agent?.id ?? "", environment_id, title: "Priced" });
    const before = page.url();
    await page.goto(`${system.url}/sessions/${id}`);
    await tells(["0 in · 0 out", "$0.00"]);
    const priced = { text: "First.", usage: { prompt: 1_234, completion: 56 }, cost: 0.0123 };
    provider.script([priced, { text: "Second.", usage: { prompt: 2_000, completion: 1_000, cached: 500 }, cost: 0.5 }]);
    await composer().fill("One");
    await composer().press("Enter");
    await log().getByText("First.").waitFor({ timeout: 30_000 });
    await tells(["1.2k in · 56 out", "$0.0123"]);
    await composer().fill("Two");
    await composer().press("Enter");
    await log().getByText("Second.").waitFor({ timeout: 30_000 });
    await tells(["3.2k in · 1.1k out", "$0.51"]);
    await page.reload();
    await tells(["3.2k in · 1.1k out", "$0.51"]);
    expect((await system.client().beta.sessions.retrieve(id)).usage).toMatchObject({
      input_tokens: 2_734,
      output_tokens: 1_056,
      cache_read_input_tokens: 500,
      list_cost: { amount: "51", currency: "USD" },
    });
    await page.goto(before);
  });

  test("a model that the gateway no longer has is told; another one is chosen, and it goes on", async () => {
    const { page } = browser;
    const message = "The model `scripted` does not exist";
    provider.script([{ status: 404, error: { message, type: "invalid_request_error", code: "model_not_found" } }]);
    await composer().fill("And now?");
    await composer().press("Enter");
    const card = log()
      .locator("[data-event]")
      .filter({ hasText: /model.*scripted/i })
      .filter({ hasText: "Try again" });
    await card.waitFor({ timeout: 30_000 });
    await browser.screenshots("session-model-gone");
    await composer().fill("/model oth");
    await page.getByRole("list", { name: "Commands" }).getByText("/model other").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("composer-models");
    await composer().press("Tab");
    expect(await composer().inputValue()).toBe("/model other");
    await composer().press("Enter");
    await log().getByText("Model: other").waitFor();
    provider.script([{ text: "Now from the other one." }], (body) => body.model === "other");
    await card.getByRole("button", { name: "Try again" }).click();
    await log().getByText("Now from the other one.").waitFor({ timeout: 30_000 });
    await idle();
  });

  test("what is queued can be written anew or withdrawn, in every tab; what was read cannot", async () => {
    const { page } = browser;
    provider.script([{ text: "I think about it for long.", hold: true }]);
    await composer().fill("Think");
    await composer().press("Enter");
    await provider.held();
    // Its answer comes after everything else.
    const answered = Promise.withResolvers<void>();
    const sent = (url: URL) => url.pathname.endsWith("/events");
    await page.route(sent, async (route) => {
      if (!route.request().postData()?.includes("Then deplyo")) return route.fallback();
      const response = await route.fetch();
      await answered.promise;
      await route.fulfill({ response });
    });
    await composer().fill("Then deplyo");
    await composer().press("Enter");
    await expect.poll(() => log().getByText("Queued").count()).toBe(1);
    const other = await browser.context.newPage();
    await other.goto(page.url());
    await expect.poll(() => other.getByText("Queued").count(), { timeout: 15_000 }).toBe(1);
    await log().getByRole("button", { name: "Edit" }).first().click();
    await expect.poll(() => composer().inputValue()).toBe("Then deplyo");
    await expect.poll(() => other.getByText("Queued").count()).toBe(0);
    await composer().fill("Then rest");
    await composer().press("Enter");
    answered.resolve();
    await expect.poll(() => log().getByText("Queued").count()).toBe(1);
    await log().getByText("Then deplyo").waitFor({ state: "detached" });
    await page.unroute(sent);
    await composer().fill("Then deploy");
    await composer().press("Enter");
    await expect.poll(() => log().getByText("Queued").count()).toBe(2);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-queued");
    await other.getByRole("button", { name: "Withdraw" }).first().click();
    await log().getByText("Then rest").waitFor({ state: "detached" });
    await other.close();

    provider.script([{ text: "Deployed." }]);
    provider.release();
    await log().getByText("Deployed.").waitFor({ timeout: 30_000 });
    await idle();
    const asked = JSON.stringify(provider.chats.at(-1)?.body);
    expect(asked).toContain("Then deploy");
    expect(asked).not.toMatch(/deplyo|Then rest/);
    expect(await log().getByRole("button", { name: "Withdraw" }).count()).toBe(0);
    await page.reload();
    await log().getByText("Deployed.").waitFor();
    expect(await log().innerText()).not.toMatch(/deplyo|Then rest/);
  });

  test("/copy, /help and a /model without a name", async () => {
    const { page } = browser;
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: system.url });
    await composer().fill("/copy");
    await composer().press("Enter");
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("Deployed.");
    await composer().fill("/help");
    await composer().press("Enter");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await composer().fill("/model");
    await composer().press("Enter");
    await page.getByText("Which model? Write /model and its name.").waitFor();
    expect(browser.complaints).toEqual([]);
  });
});
