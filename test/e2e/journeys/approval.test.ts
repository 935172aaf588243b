// Journey 3: a command waits for a person, who sees exactly what it is, at the desk or on a phone; the log keeps who and when.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("an approval", () => {
  let system: System;
  let browser: Browser;
  let agentId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const default_config = { enabled: true, permission_policy: { type: "always_ask" as const } };
    const tools = [{ type: "agent_toolset_20260401" as const, default_config }];
    agentId = (await system.client().beta.agents.create({ name: "Careful helper", model: "demo", tools })).id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function ask(title: string, message: string): Promise<string> {
    const client = system.client();
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent: agentId, environment_id, title });
    const event = { type: "user.message" as const, content: [{ type: "text" as const, text: message }] };
    await client.beta.sessions.events.send(id, { events: [event] });
    return id;
  }
  const confirmations = async (id: string) =>
    (await system.client().beta.sessions.events.list(id, { types: ["user.tool_confirmation"] })).data;

  test("title, favicon and badge say that it waits; A allows, and the log keeps who and when", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    const id = await ask("Clean up", "Run `rm -rf build`");
    await page.getByRole("link", { name: /Approvals.*1/ }).waitFor({ timeout: 30_000 });
    await expect.poll(() => page.title()).toContain("(1)");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByText("Allow this call?").waitFor();
    await expect.poll(() => page.title()).toContain("(1) Waiting for you · Clean up");
    expect(await page.locator("link[data-state]").getAttribute("data-state")).toBe("waiting");
    expect(await card.innerText()).toContain("rm -rf build");
    await page.keyboard.press("a");
    await card.getByText("done").waitFor({ timeout: 30_000 });
    if ((await card.getByText("Allowed in the dashboard").count()) === 0)
      await card.getByRole("button").first().click();
    await card.getByText("Allowed in the dashboard").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-allowed");
    const [kept] = await confirmations(id);
    expect(kept).toMatchObject({ result: "allow", answered_by: { type: "dashboard" } });
    expect(Date.parse(String(kept?.processed_at))).toBeGreaterThan(0);
    await expect.poll(() => page.title()).not.toContain("(1)");
  });

  test("D denies with a reason that the agent reads", async () => {
    const { page } = browser;
    const id = await ask("Too much", "Run `rm -rf /`");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByText("Allow this call?").waitFor({ timeout: 30_000 });
    await page.keyboard.press("r");
    await page.keyboard.type("not the whole disk");
    await page.keyboard.press("Escape");
    await page.keyboard.press("d");
    await card.getByText("The user denied this tool call: not the whole disk").waitFor({ timeout: 30_000 });
    expect((await confirmations(id))[0]).toMatchObject({ result: "deny", deny_message: "not the whole disk" });
    if ((await card.getByText("Denied in the dashboard").count()) === 0) await card.getByRole("button").first().click();
    await card.getByText("Denied in the dashboard").waitFor();
  });

  test("a command that would look like another one is shown as what it is", async () => {
    const { page } = browser;
    const id = await ask(
      "Disguised",
      "Run `echo safe \u202e;dlrow\u202c \u200brm\u00ad -rf \u001b[8mbuild\u001b[0m <b>x</b>`",
    );
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByText("Allow this call?").waitFor({ timeout: 30_000 });
    const shown = await card.innerText();
    for (const named of ["⟨U+202E⟩", "⟨U+202C⟩", "⟨U+200B⟩", "⟨U+00AD⟩", "␛[8m", "<b>x</b>"])
      expect(shown).toContain(named);
    for (const hidden of ["\u202e", "\u202c", "\u200b", "\u00ad", "\u001b"]) expect(shown).not.toContain(hidden);
    await browser.screenshots("session-disguised");
    await page.keyboard.press("d");
    await card.getByText("denied", { exact: true }).waitFor({ timeout: 30_000 });
  });

  test("on a phone: it is seen that an agent waits, the command is read and allowed; the desk sees it at once", async () => {
    const { page: desk } = browser;
    const id = await ask("Release", "Run `echo released-from-a-phone`");
    await desk.goto(`${system.url}/sessions/${id}`);
    await desk.getByText("Allow this call?").waitFor({ timeout: 30_000 });

    const phone = await openBrowser(chromium ?? "", system.url, { touch: true });
    try {
      const { page } = phone;
      await page.goto(`${system.url}/login`);
      await page.getByLabel("API key").fill(system.apiKey);
      await page.getByRole("button", { name: "Log in" }).tap();
      await page.getByRole("link", { name: "Release" }).waitFor();
      phone.complaints.splice(0);
      await page.getByRole("link", { name: /Approvals.*1/ }).tap();
      const card = page.getByRole("article", { name: "Release" });
      await card.getByText("echo released-from-a-phone").first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      for (const button of await card.getByRole("button").all())
        expect((await button.boundingBox())?.height, await button.innerText()).toBeGreaterThanOrEqual(44);
      expect(await findViolations(page)).toEqual([]);
      await page.screenshot({ path: "test-results/screens/phone-approval.png" });
      await card.getByRole("button", { name: "Allow", exact: true }).tap();
      await page.getByText("Nothing waits for you").waitFor({ timeout: 30_000 });
      expect(phone.complaints).toEqual([]);
    } finally {
      await phone.close();
    }
    await desk.getByRole("article", { name: "Tool call bash" }).getByText("done").waitFor({ timeout: 30_000 });
    await desk.getByText("released-from-a-phone").first().waitFor();
  });

  test("nothing was complained about", () => expect(browser.complaints).toEqual([]));
});
