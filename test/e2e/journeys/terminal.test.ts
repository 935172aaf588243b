// A shell in the session's sandbox, in the browser: typed in, resized, shared by two tabs, there after a reload and after the web was killed.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("the terminal", () => {
  let system: System;
  let browser: Browser;
  let address: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = (await client.beta.agents.create({ name: "Helper", model: "demo", tools })).id;
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent, environment_id, title: "With a terminal" });
    address = `${system.url}/sessions/${id}`;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const screen = (page: Page) => page.locator(".xterm-rows");
  const connected = (page: Page) => page.getByText("Connected to the sandbox").waitFor({ timeout: 30_000 });
  async function type(page: Page, text: string): Promise<void> {
    await page.getByRole("textbox", { name: "Terminal input" }).focus();
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  }
  const shows = (page: Page, text: string | RegExp) =>
    expect.poll(() => screen(page).innerText(), { timeout: 15_000 }).toMatch(text);

  test("a command is typed, its output and colours are seen, what the agent's tools write is there", async () => {
    const { page } = browser;
    await page.goto(`${address}?tab=terminal`);
    await connected(page);
    await type(page, "echo typed-$((40+2)) > note; printf '\\033[31mred\\033[0m %s\\n' \"$(cat note)\"");
    await shows(page, /red typed-42/);
    await page.getByLabel("Message", { exact: true }).fill("Run `cat note`");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Tool call bash" }).getByText("done").waitFor({ timeout: 30_000 });
    await page.getByRole("log").getByText("typed-42").first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("terminal");
  });

  test("it has the size of its place, also when that changes", async () => {
    const { page } = browser;
    await type(page, "clear; stty size");
    await shows(page, /^\d+ \d+$/m);
    const width = async () => Number(/^\d+ (\d+)$/m.exec(await screen(page).innerText())?.[1]);
    const wide = await width();
    await page.setViewportSize({ width: 1000, height: 700 });
    await type(page, "clear; stty size");
    await expect.poll(width).not.toBe(wide);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("a second tab sees and types the same; after a reload the output is there; read only keeps keys out", async () => {
    const { page } = browser;
    const other = await browser.context.newPage();
    await other.goto(`${address}?tab=terminal`);
    await connected(other);
    await type(other, "clear; echo from-the-other-$((1+1))");
    await shows(page, /from-the-other-2/);
    await other.close();
    await page.reload();
    await connected(page);
    await shows(page, /from-the-other-2/);
    await page.getByLabel("Type here").selectOption("never");
    await type(page, "echo must-not-$((1+1))");
    await page.getByLabel("Type here").selectOption("always");
    await type(page, "echo may-$((1+1))");
    await shows(page, /may-2/);
    expect(await screen(page).innerText()).not.toContain("must-not");
  });

  test("a smaller second viewer sets the size for both, and gives it back when it leaves", async () => {
    const { page } = browser;
    const width = async (tab: Page) => Number(/^\d+ (\d+)$/m.exec(await screen(tab).innerText())?.[1]);
    await type(page, "clear; stty size");
    await shows(page, /^\d+ \d+$/m);
    const alone = await width(page);
    const other = await browser.context.newPage();
    await other.setViewportSize({ width: 390, height: 844 });
    await other.goto(`${address}?tab=terminal`);
    await connected(other);
    await type(page, "clear; stty size");
    await expect.poll(() => width(page)).toBeLessThan(alone);
    const shared = await width(page);
    // The larger one moves a little: nobody's picture changes.
    await page.setViewportSize({ width: 1430, height: 890 });
    await type(page, "clear; stty size; echo same-$((1+1))");
    await shows(other, /same-2/);
    expect([await width(page), await width(other)]).toEqual([shared, shared]);
    await page.setViewportSize({ width: 1440, height: 900 });
    await other.close();
    await type(page, "clear; stty size");
    // The terminal's emulator rounds the width of a cell by how many there are: one column more or less fits.
    await expect.poll(async () => Math.abs((await width(page)) - alone)).toBeLessThanOrEqual(1);
  });

  test("while the agent works nothing is typed into it, for those who wish so", async () => {
    const { page } = browser;
    await page.getByLabel("Type here").selectOption("resting");
    await type(page, "clear; echo rests-$((1+1))");
    await shows(page, /rests-2/);
    await page.getByLabel("Message", { exact: true }).fill("Run `until [ -e go ]; do sleep 0.1; done`");
    await page.keyboard.press("Enter");
    await page.getByText("you can type when it rests").waitFor({ timeout: 30_000 });
    await type(page, "echo must-not-$((2+2))");
    const id = new URL(address).pathname.split("/").at(-1);
    await fetch(`${system.url}/v1/sessions/${id}/files/content?path=/workspace/go`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey },
      body: "go",
    });
    await page.getByText("you can type when it rests").waitFor({ state: "detached", timeout: 30_000 });
    await type(page, "echo again-$((1+1))");
    await shows(page, /again-2/);
    expect(await screen(page).innerText()).not.toContain("must-not");
    await page.getByLabel("Type here").selectOption("always");
  });

  test("Shift Tab leads out of it; hostile output changes nothing outside of it", async () => {
    const { page } = browser;
    await type(
      page,
      "printf '\\033]0;owned\\007\\033]52;c;b3duZWQ=\\007\\033]8;;http://evil.example\\007click\\033]8;;\\007\\n'",
    );
    await shows(page, /click/);
    await page.locator(".xterm-rows").getByText("click", { exact: true }).last().click({ force: true });
    expect(await page.title()).not.toContain("owned");
    expect(browser.context.pages()).toHaveLength(1);
    await page.getByRole("textbox", { name: "Terminal input" }).focus();
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate(() => document.activeElement?.closest(".xterm"))).toBeNull();
  });

  test("when the web dies the shell goes on and comes back; when the shell ends, a new one can be had", async () => {
    const { page } = browser;
    // What is typed has reached the shell: a key that is on its way goes with the server.
    await type(page, "clear; x=kept; echo set-$((1+1))");
    await shows(page, /set-2/);
    await system.killPart("web");
    await page.getByText("Trying again; the shell goes on.").waitFor();
    await connected(page);
    await type(page, "echo $x-$((1+1))");
    await shows(page, /kept-2/);
    await type(page, "exit 3");
    await page.getByText("The shell ended with 3.").waitFor();
    await page.getByRole("button", { name: "New shell" }).click();
    await connected(page);
    await type(page, "echo fresh-$((1+1))");
    await shows(page, /fresh-2/);
  });

  test("a refusal that stays is told once, and not tried again for ever", async () => {
    const { page } = browser;
    let attempts = 0;
    await page.routeWebSocket(/\/terminals\//, (socket) => {
      attempts += 1;
      socket.send(JSON.stringify({ type: "refused", status: 404, message: "There is no session of this name." }));
      void socket.close({ code: 4403 });
    });
    await page.reload();
    await page.getByText("There is no session of this name.").waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    expect(attempts).toBe(1);
  });

  test("nothing was complained about, beside the lost server", () => {
    const unexpected = browser.complaints.filter(
      (line) => !/ERR_CONNECTION_REFUSED|WebSocket|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_CONNECTION_RESET/.test(line),
    );
    expect(unexpected).toEqual([]);
  });
});
