// Small things that tell a person what happens: the pill of what is new, the tab's icon, thinking, pictures, notifications, models to choose from.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentTemplates } from "../../../src/app/agents/templates/agent-templates.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../support/scripted-provider.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
/** An 8×8 picture, in the agent's colour. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mNQCdiKFTEMLQkA3yxKQc0OQkAAAAAASUVORK5CYII=";

describe.skipIf(!chromium)("what a page tells", () => {
  let provider: ScriptedProvider;
  let system: System;
  let browser: Browser;
  let sessions: ReturnType<typeof sessionsOf>;
  let agent: string;

  beforeAll(async () => {
    const models = ["scripted", ...Array.from({ length: 40 }, (_, index) => `vendor/model-${index}`)];
    provider = await startScriptedProvider({ models });
    const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-ours", BERTH_DEFAULT_MODEL: "scripted" };
    system = await startSystem({ ui: true, env });
    sessions = sessionsOf(system);
    const tools = [{ type: "agent_toolset_20260401" as const }];
    agent = (await system.client().beta.agents.create({ name: "Helper", model: "scripted", tools })).id;
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await provider?.stop();
  });

  const composer = () => browser.page.getByLabel("Message", { exact: true });
  const log = () => browser.page.getByRole("log", { name: "Conversation" });
  const status = () => browser.page.locator("header").getByRole("status");
  const favicon = () => browser.page.locator("link[data-state]").getAttribute("data-state");
  async function open(title: string): Promise<string> {
    const id = await sessions.make(agent, title);
    await browser.page.goto(`${system.url}/sessions/${id}`);
    await composer().waitFor();
    return id;
  }
  async function write(text: string): Promise<void> {
    await composer().fill(text);
    await composer().press("Enter");
  }

  test("while the model thinks the line says so; the tab's icon runs, then rests", async () => {
    const { page } = browser;
    await open("Thinking");
    provider.script([{ reasoning: "Let me think about this for a while.", text: "I thought.", wordDelayMs: 250 }]);
    await write("Think");
    await log().getByText("Thinking…").waitFor({ timeout: 30_000 });
    await expect.poll(favicon).toBe("running");
    const icon = await page.locator("link[data-state]").getAttribute("href");
    const token = await page.evaluate<string>(
      "getComputedStyle(document.documentElement).getPropertyValue('--icon').trim()",
    );
    expect(token).toMatch(/^#[0-9a-f]{6}$/);
    expect(decodeURIComponent(icon ?? "")).toContain(`fill="${token}"`);
    await log().getByText("Thought about it").waitFor({ timeout: 30_000 });
    await log().getByText("I thought.").waitFor({ timeout: 30_000 });
    await expect.poll(() => page.locator("link[data-state]").count()).toBe(0);
  });

  test("a turn that was given up turns the tab's icon to failed", async () => {
    await open("Failing");
    const refused = { status: 401, error: { message: "Incorrect API key provided", type: "auth_error" } };
    provider.script([refused]);
    await write("Fail");
    await log().getByText("refused the key (401)").first().waitFor({ timeout: 30_000 });
    await expect.poll(favicon).toBe("failed");
    const shown = await browser.page.locator("link[data-state]").getAttribute("href");
    const token = await browser.page.evaluate<string>(
      "getComputedStyle(document.documentElement).getPropertyValue('--icon-failed').trim()",
    );
    expect(decodeURIComponent(shown ?? "")).toContain(`fill="${token}"`);
  });

  test("who reads above is told how much is new, and gets there by one click", async () => {
    const { page } = browser;
    const id = await open("Long");
    provider.script([{ text: Array.from({ length: 80 }, (_, line) => `Line ${line}.`).join("\n\n") }]);
    await write("Write much");
    await log().getByText("Line 79.").waitFor({ timeout: 30_000 });
    await expect.poll(() => status().innerText()).toContain("Idle");
    const scroller = page.locator("div[tabindex='0']:has(> [role=log])");
    await scroller.hover();
    await page.mouse.wheel(0, -5_000);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const place = await scroller.evaluate((element) => element.scrollTop);
    provider.script([{ text: "News." }]);
    await sessions.say(id, "And now?");
    const pill = page.getByRole("button", { name: /^\d+ new$/ });
    await pill.waitFor({ timeout: 30_000 });
    await expect.poll(() => pill.innerText(), { timeout: 30_000 }).toContain("2 new");
    expect(await scroller.evaluate((element) => element.scrollTop)).toBe(place);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-new-pill");
    await pill.click();
    await expect.poll(() => log().getByText("News.").isVisible()).toBe(true);
    await pill.waitFor({ state: "detached" });
  });

  test("/interrupt stops what the agent does", async () => {
    await open("Interrupted by a word");
    provider.script([{ toolCalls: [{ name: "bash", input: { command: "sleep 300" } }] }]);
    await write("Sleep");
    await browser.page
      .getByRole("article", { name: "Tool call bash" })
      .getByText("running")
      .waitFor({ timeout: 30_000 });
    await write("/interrupt");
    await expect.poll(() => status().innerText(), { timeout: 30_000 }).toContain("Idle");
    await log().getByText("Interrupted.").waitFor();
    expect(await composer().inputValue()).toBe("");
  });

  test("a picture that a tool returns is seen, and comes from nowhere else", async () => {
    const { page } = browser;
    const custom = {
      type: "custom" as const,
      name: "draw",
      description: "Draws.",
      input_schema: { type: "object" as const },
    };
    const artist = await system.client().beta.agents.create({ name: "Artist", model: "scripted", tools: [custom] });
    provider.script([{ toolCalls: [{ name: "draw", input: {} }] }]);
    const id = await sessions.talk(artist.id, "Drawing", "Draw");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call draw" });
    await card.getByRole("button", { name: "Send result" }).waitFor();
    const asked = await system.client().beta.sessions.events.list(id, { types: ["agent.custom_tool_use"] });
    provider.script([{ text: "Drawn." }]);
    const source = { type: "base64" as const, media_type: "image/png" as const, data: PICTURE };
    await system.client().beta.sessions.events.send(id, {
      events: [
        {
          type: "user.custom_tool_result",
          custom_tool_use_id: asked.data[0]?.id ?? "",
          content: [{ type: "image", source }],
        },
      ],
    });
    await log().getByText("Drawn.").waitFor({ timeout: 30_000 });
    if ((await card.locator("img").count()) === 0) await card.getByRole("button").first().click();
    const picture = card.locator("img[src^='data:image/png']");
    await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(8);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-picture");
  });

  test("the model is found by a part of its name, by keys, and read aloud as a list", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents/new`);
    const field = page.getByRole("combobox", { name: "Model" });
    await field.click();
    const options = page.getByRole("listbox", { name: "Models" }).getByRole("option");
    await expect.poll(() => options.count()).toBe(41);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("model-field");
    await field.fill("model-17");
    await expect.poll(() => options.count()).toBe(1);
    await field.press("ArrowDown");
    const active = await field.getAttribute("aria-activedescendant");
    expect(await page.locator(`[id="${active}"]`).innerText()).toContain("vendor/model-17");
    await field.press("Enter");
    expect(await field.inputValue()).toBe("vendor/model-17");
    expect(await options.first().isVisible()).toBe(false);
    await field.press("ArrowDown");
    await field.press("Escape");
    expect(await field.getAttribute("aria-expanded")).toBe("false");
    // As it was: nothing is lost when the page is left.
    await field.fill("scripted");
  });

  test("every template fills the form with an agent that can be made", async () => {
    const { page } = browser;
    expect(agentTemplates.length).toBe(5);
    for (const { name } of agentTemplates) {
      await page.goto(`${system.url}/agents/new`);
      await page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
      await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe(name);
      // A plain field until the editor has come.
      const prompt = page.getByLabel("System prompt");
      const written = () => prompt.evaluate((field) => ("value" in field ? String(field.value) : field.textContent));
      await expect.poll(async () => (await written())?.length).toBeGreaterThan(50);
      const model = page.getByRole("combobox", { name: "Model" });
      if ((await model.inputValue()) === "") await model.fill("scripted");
      await page.getByRole("button", { name: "Create agent" }).click();
      await page.waitForURL(/\/agents\/agent_/);
      await page.getByRole("heading", { name }).waitFor();
    }
  });

  test("notifications are off until asked for, and then tell of what waits while the page is hidden", async () => {
    const { page, context } = browser;
    const careful = await system.client().beta.agents.create({
      name: "Careful",
      model: "scripted",
      tools: [
        {
          type: "agent_toolset_20260401",
          default_config: { enabled: true, permission_policy: { type: "always_ask" } },
        },
      ],
    });
    await context.grantPermissions(["notifications"], { origin: system.url });
    // Headless browsers show no notification: what the page asks for is written down instead.
    await page.addInitScript(`{
      window.told = [];
      const asked = () => Promise.resolve("granted");
      window.Notification = Object.assign(function (title, options) { window.told.push(title + ": " + options.body); }, { permission: "granted", requestPermission: asked });
      Object.defineProperty(document, "hidden", { get: () => window.pretendHidden === true });
    }`);
    await page.goto(`${system.url}/approvals`);
    const choice = page.getByRole("button", { name: "Notify me" });
    expect(await choice.getAttribute("aria-pressed")).toBe("false");
    await choice.click();
    await expect.poll(() => choice.getAttribute("aria-pressed")).toBe("true");
    expect(await findViolations(page)).toEqual([]);
    await page.reload();
    await expect.poll(() => choice.getAttribute("aria-pressed")).toBe("true");
    await page.evaluate("window.pretendHidden = true");
    provider.script([{ toolCalls: [{ name: "bash", input: { command: "echo hidden" } }] }]);
    await sessions.talk(careful.id, "Behind the scenes", "Run it");
    await expect
      .poll(() => page.evaluate("window.told"), { timeout: 30_000 })
      .toEqual(["Waiting for you: bash: Behind the scenes"]);
    await page.evaluate("window.pretendHidden = false");
    await choice.click();
    await expect.poll(() => choice.getAttribute("aria-pressed")).toBe("false");
  });

  test("the browser has nothing to complain about", () => expect(browser.complaints).toEqual([]));
});
