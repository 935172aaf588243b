// A person takes a session back to an earlier message, by keyboard, and goes on from one in a new session.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { keyboardOf } from "../../support/keyboard.ts";
import { sandboxesMissing } from "../../support/local-sandboxd.ts";
import { type System, startSystem } from "../../support/system.ts";
import { until } from "../../support/until.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("going back", () => {
  let system: System;
  let browser: Browser;
  let sessionId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const agent = await client.beta.agents.create({ name: "Talker", model: "demo" });
    const environments = await client.beta.environments.list();
    const environment_id = environments.data[0]?.id ?? "";
    const session = await client.beta.sessions.create({ agent: agent.id, environment_id, title: "Back and forth" });
    sessionId = session.id;
    await say("the first thing", 1);
    await say("the second thing", 2);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const message = (text: string) =>
    browser.page.getByRole("log").locator("div[data-event]").filter({ hasText: text }).first();
  const composer = () => browser.page.getByLabel("Message", { exact: true });
  const dialog = () => browser.page.getByRole("dialog");

  test("a fork begins with what came before, and the message is in its composer", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}`);
    await message("the second thing").getByRole("button", { name: "Message actions" }).click();
    await page.getByRole("menuitem", { name: "Fork from here…" }).waitFor();
    await browser.screenshots("earlier-menu");
    await page.getByRole("menuitem", { name: "Fork from here…" }).click();
    await dialog().getByText("This session stays as it is.").waitFor();
    await dialog().getByRole("button", { name: "Fork" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/sessions/") && !url.pathname.endsWith(sessionId));
    await message("the first thing").waitFor();
    await expect.poll(() => composer().inputValue()).toBe("the second thing");
    expect(await message("the second thing").count()).toBe(0);
    expect(await browser.page.getByRole("log").getByText("Forked here").count()).toBe(1);
    await browser.screenshots("forked");
    await page.keyboard.press("Escape");
    await composer().fill("another second thing");
    await composer().press("Enter");
    await message("another second thing").waitFor();
  });

  test("by keyboard, a session is taken back: what followed is gone, and the focus is where the text is", async () => {
    const { page } = browser;
    const keyboard = keyboardOf(page);
    await page.goto(`${system.url}/sessions/${sessionId}`);
    await message("the second thing").waitFor();
    await keyboard.activate(message("the second thing").getByRole("button", { name: "Message actions" }));
    await page.locator("[role=menuitem][data-highlighted]").filter({ hasText: "Rewind to here…" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await keyboard.press("Enter");
    await dialog().getByText("Files go back to what they were then").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("rewind-dialog");
    // Nothing happens to who thinks better of it; the button has the focus again.
    await keyboard.press("Escape");
    await dialog().waitFor({ state: "hidden" });
    const button = message("the second thing").getByRole("button", { name: "Message actions" });
    await expect.poll(() => keyboard.hasFocus(button)).toBe(true);
    await keyboard.press("Enter");
    await page.locator("[role=menuitem][data-highlighted]").filter({ hasText: "Rewind to here…" }).waitFor();
    await keyboard.press("Enter");
    await keyboard.tabTo(dialog().getByRole("button", { name: "Rewind" }));
    await keyboard.press("Enter");
    await page.getByText("Went back to here.").waitFor();
    expect(await message("the second thing").count()).toBe(0);
    await expect.poll(() => composer().inputValue()).toBe("the second thing");
    await expect.poll(() => keyboard.hasFocus(composer())).toBe(true);
    await browser.screenshots("rewound");
    const told = (await log()).filter(({ type }) => type === "session.rewound");
    expect(told).toHaveLength(1);
    expect(browser.complaints).toEqual([]);
  });

  test("an archived session offers no rewind, but a fork", async () => {
    const { page } = browser;
    await system.client().beta.sessions.archive(sessionId);
    await page.goto(`${system.url}/sessions/${sessionId}`);
    await message("the first thing").getByRole("button", { name: "Message actions" }).click();
    await page.getByRole("menuitem", { name: "Fork from here…" }).waitFor();
    expect(await page.getByRole("menuitem").count()).toBe(1);
  });

  test("the whole session is forked from its menu, also an archived one", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}`);
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Fork", exact: true }).click();
    await page.waitForURL((url) => /^\/sessions\/sesn_/.test(url.pathname) && !url.pathname.endsWith(sessionId));
    await message("the first thing").waitFor();
    await page.getByRole("textbox", { name: "Message" }).waitFor();
    expect(browser.complaints).toEqual([]);
  });

  test.skipIf(sandboxesMissing())("files go back with the session, and the page says so and shows them", async () => {
    const { page } = browser;
    const client = system.client();
    const tools = [
      {
        type: "agent_toolset_20260401" as const,
        default_config: { enabled: true, permission_policy: { type: "always_allow" as const } },
      },
    ];
    const agent = await client.beta.agents.create({ name: "Writer", model: "demo", tools });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const session = await client.beta.sessions.create({ agent: agent.id, environment_id, title: "Files and all" });
    await say("Write it: `echo one > notes.txt`", 1, session.id);
    await say("Write more: `echo two > notes.txt; touch extra.txt`", 2, session.id);
    await page.goto(`${system.url}/sessions/${session.id}?tab=files`);
    const file = (name: string) => page.getByRole("treeitem").filter({ hasText: name });
    await file("extra.txt").waitFor();
    await message("Write more").getByRole("button", { name: "Message actions" }).click();
    await page.getByRole("menuitem", { name: "Rewind to here…" }).click();
    await dialog().getByRole("button", { name: "Rewind" }).click();
    const receipt = page.getByRole("article", { name: "Files restored" });
    await receipt.getByText("Its files went back, too").waitFor();
    await expect.poll(() => file("extra.txt").count()).toBe(0);
    await file("notes.txt").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("files-went-back");
    expect(browser.complaints).toEqual([]);
  });

  async function log(id = sessionId): Promise<{ type: string }[]> {
    const answer = await fetch(`${system.url}/v1/sessions/${id}/events?limit=100`, {
      headers: { "x-api-key": system.apiKey },
    });
    return ((await answer.json()) as { data: { type: string }[] }).data;
  }

  /** Resolves when the agent has answered so many times and rests. */
  async function say(text: string, answers: number, id = sessionId): Promise<void> {
    await system.client().beta.sessions.events.send(id, {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    });
    const count = async () => (await log(id)).filter(({ type }) => type === "session.status_idle").length;
    await until(async () => (await count()) === answers, { timeoutMs: 30_000 });
  }
});
