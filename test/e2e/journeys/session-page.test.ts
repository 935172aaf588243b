// The session page by keyboard, its links, its search, its composer; approvals from the inbox and from a phone; axe on every page.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("the session page", () => {
  let system: System;
  let browser: Browser;
  let agentId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const agent = await system.client().beta.agents.create({
      name: "Careful helper",
      model: "demo",
      tools: [
        {
          type: "agent_toolset_20260401",
          default_config: { enabled: true, permission_policy: { type: "always_ask" } },
        },
      ],
    });
    agentId = agent.id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  /** A session that was asked to run a command and waits for a person. */
  async function waitingSession(title: string, message: string): Promise<string> {
    const client = system.client();
    const environments = await client.beta.environments.list();
    const session = await client.beta.sessions.create({
      agent: agentId,
      environment_id: environments.data[0]?.id ?? "",
      title,
    });
    await client.beta.sessions.events.send(session.id, {
      events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
    });
    await expect
      .poll(async () => (await system.client().beta.sessions.retrieve(session.id)).status, { timeout: 30_000 })
      .toBe("idle");
    return session.id;
  }

  test("A allows and D denies the call that waits, but not while somebody writes", async () => {
    const { page } = browser;
    const id = await waitingSession("Keys", "Run `echo allowed-by-key`");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call bash" });
    await card.getByRole("button", { name: "Allow", exact: true }).waitFor();
    await expect.poll(() => page.title()).toContain("(1) Waiting for you");
    expect(await page.locator("link[data-state]").getAttribute("data-state")).toBe("waiting");
    await page.getByLabel("Message", { exact: true }).focus();
    await page.keyboard.type("ad");
    expect(await card.getByRole("button", { name: "Allow", exact: true }).isEnabled()).toBe(true);
    await page.getByLabel("Message", { exact: true }).fill("");
    await page.getByRole("log").click({ position: { x: 2, y: 2 } });
    await browser.screenshots("session-waiting");
    await page.keyboard.press("a");
    await card.getByText("done").waitFor({ timeout: 30_000 });
    await expectStatus("Idle");
    await page.getByLabel("Message", { exact: true }).fill("Run `echo never`");
    await page.keyboard.press("Enter");
    const second = page.getByRole("article", { name: "Tool call bash" }).last();
    await second.getByRole("button", { name: "Deny" }).waitFor({ timeout: 30_000 });
    await page.keyboard.press("Escape");
    await page.getByRole("log").click({ position: { x: 2, y: 2 } });
    await page.keyboard.press("d");
    await second.getByText("denied", { exact: true }).waitFor({ timeout: 30_000 });
    await expectStatus("Idle");
  });

  test("a tool that is allowed for the session does not ask again", async () => {
    const { page } = browser;
    const id = await waitingSession("From now on", "Run `echo first`");
    await page.goto(`${system.url}/sessions/${id}`);
    await page.getByRole("button", { name: "Always allow bash in this session" }).click();
    await page.getByRole("article", { name: "Tool call bash" }).getByText("done").waitFor({ timeout: 30_000 });
    await expectStatus("Idle");
    await page.getByLabel("Message", { exact: true }).fill("Run `echo second`");
    await page.keyboard.press("Enter");
    const second = page.getByRole("article", { name: "Tool call bash" }).nth(1);
    await second.getByText("done").waitFor({ timeout: 30_000 });
  });

  test("? lists the keys, Ctrl-K finds a session, j and Enter open one", async () => {
    const { page } = browser;
    await page.goto(system.url);
    await page.getByRole("link", { name: "From now on" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("allow the first call that waits").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: /Keys/ }).waitFor();
    await page.keyboard.type("keys");
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("palette");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/sessions\/sesn_/);
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.goto(system.url);
    await page.getByRole("link", { name: "Keys" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/sessions\/sesn_/);
  });

  test("what waits in any session is decided in the inbox", async () => {
    const { page } = browser;
    await waitingSession("Inbox one", "Run `echo one`");
    await waitingSession("Inbox two", "Run `rm -rf build`");
    await page.goto(`${system.url}/approvals`);
    const one = page.getByRole("article", { name: "Inbox one" });
    await one.getByText("echo one").first().waitFor();
    await page.getByRole("article", { name: "Inbox two" }).getByText("rm -rf build").first().waitFor();
    await page.getByRole("link", { name: /Approvals.*2/ }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("approvals");
    await one.getByRole("button", { name: "Allow", exact: true }).click();
    await one.waitFor({ state: "detached", timeout: 30_000 });
    // On a phone the second one: the command can be read and the button hit.
    await page.setViewportSize({ width: 390, height: 844 });
    const deny = page.getByRole("article", { name: "Inbox two" }).getByRole("button", { name: "Deny" });
    expect((await deny.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await deny.click();
    await page.getByText("Nothing waits for you").waitFor({ timeout: 30_000 });
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("an event shows its JSON, and its link leads back to it", async () => {
    const { page } = browser;
    const sessions = await system.client().beta.sessions.list();
    const id = sessions.data.find((session) => session.title === "Keys")?.id;
    await page.goto(`${system.url}/sessions/${id}`);
    const message = page.getByText("Run `echo allowed-by-key`");
    await message.hover();
    await page.getByRole("button", { name: "Event details" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText('"type": "user.message"').first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("event-details");
    const hash = await dialog.getByRole("link").getAttribute("href");
    expect(hash).toMatch(/^#sevt_/);
    await page.goto(system.url);
    // It is marked for seconds only: on a slow machine no longer when the page has loaded.
    const marked = page.locator(`[id="${hash?.slice(1)}"].outline-2`).waitFor();
    await Promise.all([marked, page.goto(`${system.url}/sessions/${id}${hash}`)]);
  });

  test("a search finds what was said and run, and goes there", async () => {
    const { page } = browser;
    await page.getByRole("log").click({ position: { x: 2, y: 2 } });
    await page.keyboard.press("/");
    await page.getByRole("searchbox").fill("ALLOWED-BY");
    await page.getByText(/^\d+ found$/).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText(/^\d of \d$/).waitFor();
    await page.locator(".outline-2").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-search");
    await page.keyboard.press("Escape");
  });

  test("a file that is written is shown as a diff", async () => {
    const { page } = browser;
    const client = system.client();
    const free = await client.beta.agents.create({
      name: "Free helper",
      model: "demo",
      tools: [{ type: "agent_toolset_20260401" }],
    });
    const environments = await client.beta.environments.list();
    const session = await client.beta.sessions.create({
      agent: free.id,
      environment_id: environments.data[0]?.id ?? "",
      title: "Tour",
    });
    await client.beta.sessions.events.send(session.id, {
      events: [{ type: "user.message", content: [{ type: "text", text: "Hello" }] }],
    });
    await page.goto(`${system.url}/sessions/${session.id}`);
    const write = page.getByRole("article", { name: "Tool call write" });
    await write.getByText("done").waitFor({ timeout: 60_000 });
    await expectStatus("Idle");
    await write.getByRole("button").first().click();
    await write.getByText("added:").first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-tour");
  });

  test("calls in parallel stand together", async () => {
    const { page } = browser;
    await page.getByLabel("Message", { exact: true }).fill("Run `echo one` and `echo two` in parallel");
    await page.keyboard.press("Enter");
    const group = page.getByRole("group", { name: "2 calls in parallel" });
    await group.getByText("done").nth(1).waitFor({ timeout: 30_000 });
    await expectStatus("Idle");
  });

  test("colours of a terminal are shown", async () => {
    const { page } = browser;
    const client = system.client();
    const agent = await client.beta.agents.create({
      name: "Deployer",
      model: "demo",
      tools: [{ type: "custom", name: "deploy", description: "Deploys.", input_schema: { type: "object" } }],
    });
    const environments = await client.beta.environments.list();
    const session = await client.beta.sessions.create({
      agent: agent.id,
      environment_id: environments.data[0]?.id ?? "",
      title: "Colours",
    });
    await client.beta.sessions.events.send(session.id, {
      events: [{ type: "user.message", content: [{ type: "text", text: "Use the deploy tool" }] }],
    });
    const url = page.url();
    await page.goto(`${system.url}/sessions/${session.id}`);
    const card = page.getByRole("article", { name: "Tool call deploy" });
    await card.getByRole("button", { name: "Send result" }).waitFor({ timeout: 30_000 });
    const asked = await client.beta.sessions.events.list(session.id, { types: ["agent.custom_tool_use"] });
    const text = "\u001b[1;31mFAIL\u001b[0m \u001b[32mok\u001b[0m \u001b]0;owned\u0007 \u001b[8mhidden";
    await client.beta.sessions.events.send(session.id, {
      events: [
        {
          type: "user.custom_tool_result",
          custom_tool_use_id: asked.data[0]?.id ?? "",
          content: [{ type: "text", text }],
        },
      ],
    });
    await expectStatus("Idle");
    await card.getByRole("button").first().click();
    await card.locator("span.text-danger", { hasText: "FAIL" }).waitFor();
    await card.getByText("hidden").first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-colours");
    await page.goto(url);
    await page.getByRole("log").waitFor();
  });

  test("a draft stays, what was sent comes back, commands are commands", async () => {
    const { page } = browser;
    const message = page.getByLabel("Message", { exact: true });
    await message.fill("half a thought");
    await page.reload();
    await page.getByRole("log").waitFor();
    expect(await message.inputValue()).toBe("half a thought");
    await message.fill("");
    await message.press("ArrowUp");
    expect(await message.inputValue()).toContain("in parallel");
    await message.press("ArrowUp");
    expect(await message.inputValue()).toBe("Hello");
    await message.press("ArrowDown");
    await message.press("ArrowDown");
    expect(await message.inputValue()).toBe("");
    await message.fill("/");
    await page.getByRole("list", { name: "Commands" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("composer-commands");
    await message.fill("/rename Grand tour");
    await message.press("Enter");
    await page.getByRole("heading", { name: "Grand tour" }).waitFor();
    await message.fill("/archive");
    await message.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
  });

  test("images and texts are sent along, anything else goes into the sandbox; what is empty is refused in words", async () => {
    const { page } = browser;
    const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    await page.locator("input[type=file]").setInputFiles([
      { name: "pixel.png", mimeType: "image/png", buffer: Buffer.from(pixel, "base64") },
      { name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("# Notes") },
      { name: "tool.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 1, 2]) },
      { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
    ]);
    await page.getByText("empty.txt is empty.").waitFor();
    const list = page.getByRole("list", { name: "Attachments" });
    expect(await list.getByRole("listitem").count()).toBe(3);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("composer-attachments");
    await page.getByLabel("Message", { exact: true }).fill("Look at these");
    await page.getByRole("button", { name: "Send" }).click();
    await list.waitFor({ state: "detached" });
    const log = page.getByRole("log");
    await log.locator("img[src^='data:image/png']").first().waitFor();
    await log.getByText("/workspace/uploads/tool.bin").first().waitFor({ timeout: 30_000 });
    await log
      .getByRole("img", { name: /^Image \(PNG, \d+ B\)$/ })
      .first()
      .waitFor();
    // What was sent as a text can be read where it was sent.
    await log.getByRole("button", { name: "notes.md" }).first().click();
    await log.getByText("# Notes").first().waitFor();
    await expectStatus("Idle");
  });

  test("axe finds nothing on any page", async () => {
    const { page } = browser;
    const sessions = await system.client().beta.sessions.list();
    const paths = [
      ["/", "heading:Sessions"],
      ["/approvals", "heading:Approvals"],
      ["/agents", "heading:Agents"],
      ["/agents/new", "heading:New agent"],
      ["/environments", "heading:Environments"],
      ["/settings", "heading:Settings"],
      ["/sessions/new", "heading:New session"],
      [`/sessions/${sessions.data[0]?.id}`, "log:Conversation"],
    ] as const;
    const violations: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const [path, landmark] of paths) {
        const [role, name] = landmark.split(":");
        await page.goto(system.url + path);
        await page
          .getByRole(role === "log" ? "log" : "heading", { name: name ?? "" })
          .first()
          .waitFor();
        violations.push(...(await findViolations(page)));
      }
    }
    expect(violations).toEqual([]);
  });

  test("the browser has nothing to complain about", () => {
    expect(browser.complaints).toEqual([]);
  });

  async function expectStatus(text: string): Promise<void> {
    const status = browser.page.locator("header").getByRole("status");
    await expect.poll(() => status.innerText(), { timeout: 30_000 }).toContain(text);
  }
});
