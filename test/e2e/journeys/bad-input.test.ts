// What nobody planned for: sessions that are gone, outputs that are no text, turns without end, a wrong clock, a key that was taken away.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../support/scripted-provider.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { manyCalls, openLogWriter } from "../../support/stored-log.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const CALLS = 5_000;
const HOUR_MS = 3_600_000;

describe.skipIf(!chromium)("bad input", () => {
  const models = ["scripted", "soon-gone"];
  let provider: ScriptedProvider;
  let system: System;
  let browser: Browser;
  let sessions: ReturnType<typeof sessionsOf>;
  let agent: string;

  beforeAll(async () => {
    provider = await startScriptedProvider({ models });
    const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-ours", BERTH_DEFAULT_MODEL: "scripted" };
    system = await startSystem({ ui: true, env });
    sessions = sessionsOf(system);
    agent = await agentOf("Helper", "scripted");
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await provider?.stop();
  });

  async function agentOf(name: string, model: string): Promise<string> {
    const tools = [{ type: "agent_toolset_20260401" as const }];
    return (await system.client().beta.agents.create({ name, model, tools })).id;
  }
  /** A session in which these commands were run, one after the other. */
  async function ran(title: string, commands: readonly string[]): Promise<string> {
    provider.script([
      ...commands.map((command) => ({ toolCalls: [{ name: "bash", input: { command } }] })),
      { text: "That was all." },
    ]);
    return sessions.talk(agent, title, "Run them");
  }
  const log = () => browser.page.getByRole("log", { name: "Conversation" });

  test("a session that was deleted while it was read says so, with a way back; its address says it too", async () => {
    const { page } = browser;
    const id = await sessions.make(agent, "Soon gone");
    await page.goto(`${system.url}/sessions/${id}`);
    await log().waitFor();
    await page.getByRole("textbox", { name: "Message" }).fill("never sent");
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
    await page.getByText("a.txt").waitFor();
    const kept = () => page.evaluate<string[], string>(whatIsKept, id);
    await expect.poll(kept).toHaveLength(2);
    await system.client().beta.sessions.delete(id);
    await page.getByRole("heading", { name: "This session was deleted" }).waitFor();
    await expect.poll(kept).toEqual([]);
    expect(await findViolations(page)).toEqual([]);
    await page.getByRole("link", { name: "Back to all sessions" }).click();
    await page.waitForURL(`${system.url}/`);
    expect(browser.complaints).toEqual([]);
    const addresses = [id, "sesn_of_somebody_else", "no-id-at-all"];
    for (const gone of addresses) {
      await page.goto(`${system.url}/sessions/${gone}`);
      await page.getByRole("heading", { name: "There is no such session" }).waitFor();
      await page.getByRole("link", { name: "Back to all sessions" }).waitFor();
      // However often the page asks; of the one before, an answer may come late.
      const missing = "error: Failed to load resource: the server responded with a status of 404 (Not Found)";
      await expect.poll(() => browser.complaints).toContain(`${missing} – /v1/sessions/${gone}`);
    }
    // Away from it, so that nothing of it comes later.
    await page.goto(`${system.url}/settings`);
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    const unexpected = browser.complaints
      .splice(0)
      .filter((line) => !addresses.some((gone) => line.endsWith(`404 (Not Found) – /v1/sessions/${gone}`)));
    expect(unexpected).toEqual([]);
  });

  test("outputs that are huge, binary, one endless line, or no UTF-8 can be read, and the page stays a page", async () => {
    const { page } = browser;
    const id = await ran("Odd outputs", [
      "head -c 200000 /dev/urandom",
      "head -c 1048576 /dev/zero | tr '\\0' x",
      "printf 'caf\\xe9 \\xff\\xfe \\xc3\\x28 end'",
      "printf 'a\\0b\\033[31mred\\033[0m \\r\\n\\b\\007'",
      "seq 1 200000",
      "printf '🙂%.0s' $(seq 1 2000); printf '\\nשלום مرحبا\\n'",
    ]);
    await page.goto(`${system.url}/sessions/${id}`);
    await log().getByText("That was all.").waitFor({ timeout: 30_000 });
    const cards = page.getByRole("article", { name: "Tool call bash" });
    for (let index = 0; index < 6; index++) await cards.nth(index).getByRole("button").first().click();
    await cards
      .nth(2)
      .getByText(/caf� .* end/)
      .first()
      .waitFor();
    await cards.nth(3).getByText("red", { exact: false }).first().waitFor();
    await cards.nth(5).getByText("שלום مرحبا").first().waitFor();
    // Nothing is wider than the page, whatever is in it.
    const wider =
      "document.documentElement.scrollWidth > innerWidth || document.querySelector('[role=log]').scrollWidth > innerWidth";
    expect(await page.evaluate(wider)).toBe(false);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("bad-outputs");
    // All of it is asked for, and the page still answers.
    const all = cards.nth(4).getByRole("button", { name: /Show all/ });
    if ((await all.count()) > 0) await all.click();
    await page.getByLabel("Message", { exact: true }).fill("still there");
    await page.getByLabel("Message", { exact: true }).fill("");
    expect(browser.complaints).toEqual([]);
  });

  test(`a turn of ${CALLS} calls opens at its end, and each of them is found`, async () => {
    const { page } = browser;
    const id = await sessions.make(agent, "Without end");
    const writer = openLogWriter(system);
    try {
      await writer.append(id, manyCalls(CALLS));
    } finally {
      await writer.close();
    }
    await page.goto(`${system.url}/sessions/${id}`);
    await log().getByText("All of them are done.").waitFor({ timeout: 30_000 });
    await page.getByRole("button", { name: "Search in this session" }).click();
    await page.getByRole("searchbox").fill("echo call 4321");
    await page.getByText("1 found").waitFor();
    await page.getByRole("searchbox").press("Enter");
    await log().getByText("echo call 4321").first().waitFor();
    await page.getByRole("button", { name: /To the end/ }).click();
    await expect.poll(() => log().getByText("All of them are done.").isVisible()).toBe(true);
    expect(browser.complaints).toEqual([]);
  });

  test("names of emoji, of both directions, of HTML are names", async () => {
    const { page } = browser;
    const names = ["🚀 Deploy 👩‍👩‍👧", "سارة v2 🙂", '<b>bold</b> & "quoted"', "שלום"];
    for (const name of names) {
      const made = await agentOf(name, "scripted");
      await page.goto(`${system.url}/agents/${made}`);
      await page.getByRole("heading", { name }).waitFor();
    }
    await page.goto(`${system.url}/agents`);
    for (const name of names) await page.getByRole("link", { name, exact: true }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agents-named-oddly");
    expect(browser.complaints).toEqual([]);
  });

  test("a model that vanished from the gateway is told where it is chosen and where it is used", async () => {
    const { page } = browser;
    const made = await agentOf("Left behind", "soon-gone");
    models.splice(models.indexOf("soon-gone"), 1);
    const gone = {
      status: 404,
      error: {
        message: "The model `soon-gone` does not exist",
        type: "invalid_request_error",
        code: "model_not_found",
      },
    };
    provider.script([gone, gone, gone, gone]);
    const id = await sessions.talk(made, "Left behind", "Hello?");
    await page.goto(`${system.url}/sessions/${id}`);
    await log()
      .getByText(/soon-gone/)
      .first()
      .waitFor({ timeout: 30_000 });
    await log().getByText("model_request_failed_error").waitFor();
    await page.getByLabel("Message", { exact: true }).waitFor();
    await browser.screenshots("session-model-gone");
    await page.goto(`${system.url}/agents/${made}`);
    await page.getByRole("combobox", { name: "Model" }).waitFor();
    await page.getByText("Your gateway does not list this model").waitFor();
    await browser.screenshots("agent-model-gone");
    expect(browser.complaints).toEqual([]);
    provider.reset();
  });

  test.each([
    ["ahead", 5 * HOUR_MS],
    ["behind", -5 * HOUR_MS],
  ])("with a clock five hours %s times are still those of the server", async (which, skewMs) => {
    provider.reset();
    const title = `Clock ${which}`;
    const page = await browser.context.newPage();
    await page.addInitScript(`{
      const Real = Date;
      const now = () => Real.now() + ${skewMs};
      window.Date = class extends Real {
        constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
        static now() { return now(); }
      };
    }`);
    provider.script([{ text: "At once." }]);
    const id = await sessions.talk(agent, title, "What time is it?");
    await page.goto(system.url);
    const row = page.getByRole("row").filter({ hasText: title });
    await row.getByText(/just now|min ago/).waitFor();
    expect(await row.innerText()).not.toMatch(/ h |-\d/);
    provider.script([{ toolCalls: [{ name: "bash", input: { command: "sleep 60" } }] }]);
    await sessions.say(id, "Sleep");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByText("running").waitFor({ timeout: 30_000 });
    // Seconds, not hours, and none below zero.
    await expect.poll(() => card.innerText(), { timeout: 30_000 }).toMatch(/running\s+(· )?\d+(\.\d)? s/);
    await page.getByRole("button", { name: "Interrupt" }).click();
    await expect.poll(() => page.locator("header").getByRole("status").innerText()).toContain("Idle");
    expect(browser.complaints).toEqual([]);
    await page.close();
  });

  test("a key that is revoked in another tab ends what was logged in with it, in words", async () => {
    const made = await fetch(`${system.url}/v1/api_keys`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "borrowed" }),
    });
    const { id, value } = (await made.json()) as { id: string; value: string };
    const other = await openBrowser(chromium ?? "", system.url);
    try {
      const { page } = other;
      await page.goto(`${system.url}/login`);
      await page.getByLabel("API key").fill(value);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: "Sessions" }).waitFor();
      await browser.page.goto(`${system.url}/settings/keys`);
      const row = browser.page.getByRole("listitem").filter({ hasText: "borrowed" });
      await row.getByRole("button", { name: /Revoke/ }).click();
      await browser.page
        .getByRole("dialog")
        .getByRole("button", { name: /Revoke/ })
        .click();
      // Without a touch: what streams to it ends.
      await page.waitForURL(/\/login\?next=/, { timeout: 30_000 });
      await page.getByLabel("API key").waitFor();
      expect(id).toMatch(/^apikey_/);
      const said = other.complaints.filter((line) => !/401 \(Unauthorized\) – \/v1\//.test(line));
      expect(said).toEqual([]);
    } finally {
      await other.close();
    }
    expect(browser.complaints).toEqual([]);
  });
});

/** Keys of what the browser keeps for a session. Runs in the page. */
async function whatIsKept(id: string): Promise<string[]> {
  const opening = indexedDB.open("berth");
  await new Promise((done) => {
    opening.onsuccess = done;
  });
  const asked = opening.result.transaction("kept").objectStore("kept").getAllKeys();
  await new Promise((done) => {
    asked.onsuccess = done;
  });
  opening.result.close();
  return [...asked.result.map(String), ...Object.keys(localStorage)].filter(
    (key) => key.includes(id) && !key.includes("panel"),
  );
}
