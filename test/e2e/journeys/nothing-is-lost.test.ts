// What a person writes and adds is never lost: files that are still read, messages without a server, commands that fail, files
// that miss the composer.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

describe.skipIf(!chromium)("nothing is lost", () => {
  let system: System;
  let browser: Browser;
  let agentId: string;
  let files: string;

  beforeAll(async () => {
    files = await mkdtemp(path.join(tmpdir(), "berth-dropped-"));
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const tools = [{ type: "agent_toolset_20260401" as const }];
    agentId = (await system.client().beta.agents.create({ name: "Helper", model: "demo", tools })).id;
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor({ timeout: 60_000 });
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await rm(files, { recursive: true, force: true });
  });

  async function openSession(title: string): Promise<string> {
    const client = system.client();
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    const { id } = await client.beta.sessions.create({ agent: agentId, environment_id, title });
    await browser.page.goto(`${system.url}/sessions/${id}`);
    await browser.page.getByRole("log").waitFor();
    return id;
  }
  const message = () => browser.page.getByLabel("Message", { exact: true });
  const attached = () => browser.page.getByRole("list", { name: "Attachments" });
  type Block = { type: string; text?: string; title?: string | null; source?: { media_type?: string } };
  const said = async (id: string): Promise<Block[][]> => {
    const events = await system.client().beta.sessions.events.list(id, { types: ["user.message"] });
    return events.data.map((event) => (event as unknown as { content: Block[] }).content);
  };
  const isSend = (url: URL) => /\/v1\/sessions\/[^/]+\/events$/.test(url.pathname);

  test("a message that could not be sent is there after a reload, and is sent once", async () => {
    const { page } = browser;
    const id = await openSession("No server");
    await page.route(isSend, (route) => route.abort());
    await message().fill("Hello without a server");
    await message().press("Enter");
    await page.getByText("Not sent.").waitFor({ timeout: 30_000 });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("message-not-sent");
    await page.reload();
    await page.getByText("Not sent.").waitFor();
    await page.getByText("Hello without a server").waitFor();
    await page.unroute(isSend);
    // It arrives, and the page is left before its answer does.
    await page.route(isSend, async (route) => void (await route.fetch()));
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByText("Not sent.").waitFor({ state: "detached" });
    await expect.poll(() => said(id)).toEqual([[{ type: "text", text: "Hello without a server" }]]);
    await page.unroute(isSend);
    await page.reload();
    await page.getByRole("log").waitFor();
    await page.getByText("Hello without a server").first().waitFor();
    expect(await page.getByText("Not sent.").count()).toBe(0);
    await expect.poll(() => page.getByText("Hello without a server").count()).toBe(1);
    expect(await said(id)).toHaveLength(1);
    browser.complaints.splice(0);
  });

  test("messages keep the order in which they were written, also when the first one is slow", async () => {
    const { page } = browser;
    const id = await openSession("In order");
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bodies: string[] = [];
    await page.route(isSend, async (route) => {
      bodies.push(route.request().postData() ?? "");
      if (bodies.length === 1) await held;
      await route.continue();
    });
    for (const text of ["the first", "the second"]) {
      await message().fill(text);
      await message().press("Enter");
    }
    await page.getByText("the second").first().waitFor();
    await expect.poll(() => bodies.length).toBe(1);
    release();
    await expect
      .poll(() => said(id))
      .toEqual([[{ type: "text", text: "the first" }], [{ type: "text", text: "the second" }]]);
    expect(bodies.map((body) => body.includes("the first"))).toEqual([true, false]);
    await page.unroute(isSend);
  });

  test("a message whose answer was cut off by a reload goes on by itself, and is in the log once", async () => {
    const { page } = browser;
    const id = await openSession("Cut off");
    const keys: string[] = [];
    await page.route(isSend, async (route) => {
      keys.push(route.request().headers()["idempotency-key"] ?? "");
      // The server accepts the first one, and nobody hears of it.
      if (keys.length === 1) await route.fetch();
      else await route.continue();
    });
    await message().fill("Said once");
    await message().press("Enter");
    await expect.poll(async () => (await said(id)).length).toBe(1);
    await page.reload();
    await expect.poll(() => keys.length, { timeout: 15_000 }).toBeGreaterThan(1);
    expect(new Set(keys).size).toBe(1);
    await page.getByText("Said once").first().waitFor();
    await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
    expect(await said(id)).toHaveLength(1);
    await expect.poll(() => page.getByText("Said once").count()).toBe(1);
    await page.unroute(isSend);
    browser.complaints.splice(0);
  });

  test("Enter while a file is read sends it along as soon as it is there", async () => {
    const { page } = browser;
    const id = await openSession("Slow file");
    // A file that takes its time, as one on a network drive.
    await page.evaluate(() => {
      const read = File.prototype.arrayBuffer;
      const held = Promise.withResolvers<void>();
      Object.assign(window, { letRead: held.resolve });
      File.prototype.arrayBuffer = async function () {
        await held.promise;
        return read.call(this);
      };
    });
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles({
        name: "slow.md",
        mimeType: "text/markdown",
        buffer: Buffer.from("# Slow"),
      });
    await page.getByText("Reading slow.md").waitFor();
    await message().fill("Read this");
    await message().press("Enter");
    await page.getByText("Sends as soon as slow.md is read.").waitFor();
    expect(await said(id)).toEqual([]);
    await page.evaluate(() => (window as unknown as { letRead: () => void }).letRead());
    await expect.poll(async () => (await said(id))[0]?.map(({ type }) => type)).toEqual(["document", "text"]);
    expect(await message().inputValue()).toBe("");
  });

  test("a command that fails stays to be mended", async () => {
    const { page } = browser;
    await openSession("Commands");
    await message().fill("/copy");
    await message().press("Enter");
    await page.getByText("The agent has not answered yet.").waitFor();
    expect(await message().inputValue()).toBe("/copy");
    await message().fill("/rename Mended");
    await message().press("Enter");
    await page.getByRole("heading", { name: "Mended" }).waitFor();
    await expect.poll(() => message().inputValue()).toBe("");
  });

  /** A real drag from outside of the browser: let go where the page has said that it takes it, as the browser wants it too. */
  async function dropFiles(page: Page, at: { x: number; y: number }, paths: string[]): Promise<void> {
    const devtools = await page.context().newCDPSession(page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    const drag = (type: "dragEnter" | "dragOver" | "drop") =>
      devtools.send("Input.dispatchDragEvent", { type, ...at, data });
    await drag("dragEnter");
    await expect
      .poll(async () => {
        await drag("dragOver");
        return page.getByText("Drop files to add them to your message").isVisible();
      })
      .toBe(true);
    await drag("drop");
    await devtools.detach();
  }

  test("files dropped anywhere on the page are added; the page stays, and so do the files over a reload", async () => {
    const { page } = browser;
    const id = await openSession("Dropped");
    const [notes, archive] = [path.join(files, "notes.md"), path.join(files, "data.bin")];
    await writeFile(notes, "# Notes");
    await writeFile(archive, Buffer.from([0, 1, 2, 3]));
    const address = page.url();
    await dropFiles(page, { x: 600, y: 300 }, [notes]);
    await attached().getByText("notes.md").waitFor();
    // Over the navigation, far from the conversation.
    await dropFiles(page, { x: 60, y: 600 }, [archive]);
    await attached().getByText("data.bin").waitFor();
    await attached().getByText("to the sandbox, 4 B").waitFor();
    expect(page.url()).toBe(address);
    await page.reload();
    await attached().getByText("data.bin").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("composer-dropped");
    await message().fill("Look at both");
    await message().press("Enter");
    await attached().waitFor({ state: "detached" });
    await expect
      .poll(() => said(id), { timeout: 30_000 })
      .toEqual([
        [
          { type: "document", source: { type: "text", media_type: "text/plain", data: "# Notes" }, title: "notes.md" },
          { type: "text", text: "Look at both" },
          { type: "text", text: "Uploaded into the sandbox:\n/workspace/uploads/data.bin" },
        ],
      ]);
    const uploaded = await fetch(`${system.url}/v1/sessions/${id}/files/content?path=/workspace/uploads/data.bin`, {
      headers: { "x-api-key": system.apiKey },
    });
    expect([...new Uint8Array(await uploaded.arrayBuffer())]).toEqual([0, 1, 2, 3]);
    // A second file of that name takes another place.
    await dropFiles(page, { x: 600, y: 300 }, [archive]);
    await attached().getByText("data.bin").waitFor();
    await message().fill("And again");
    await message().press("Enter");
    await expect.poll(async () => (await said(id))[1]?.at(-1)?.text, { timeout: 30_000 }).toContain("data-2.bin");
  });

  test("images are pasted, PDFs attached; they go as what they are", async () => {
    const { page } = browser;
    const id = await openSession("Pasted");
    await message().focus();
    await message().evaluate((field, base64) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, PIXEL);
    await attached().getByText("image.png").waitFor();
    const pdf = Buffer.from("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n");
    await page.locator("input[type=file]").first().setInputFiles({
      name: "report.pdf",
      mimeType: "application/pdf",
      buffer: pdf,
    });
    await attached().getByText("report.pdf").waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    await expect
      .poll(() => said(id))
      .toMatchObject([
        [
          { type: "image", source: { media_type: "image/png" } },
          { type: "document", source: { type: "base64", media_type: "application/pdf" }, title: "report.pdf" },
        ],
      ]);
    await page.getByRole("log").locator("img[src^='data:image/png']").first().waitFor();
  });

  test("two tabs of a session send a waiting message once", async () => {
    const { page } = browser;
    const id = await openSession("Two tabs");
    await page.route(isSend, (route) => route.abort());
    await message().fill("From one of two");
    await message().press("Enter");
    await page.getByText("Not sent.").waitFor({ timeout: 30_000 });
    const other = await browser.context.newPage();
    await other.goto(page.url());
    await other.getByText("Not sent.").waitFor();
    await page.unroute(isSend);
    // At once, and also when the other tab was faster and has told this one.
    const buttons = await Promise.all(
      [page, other].map((tab) => tab.getByRole("button", { name: "Send again" }).elementHandle()),
    );
    await Promise.all(buttons.map((button) => button?.evaluate((element) => (element as HTMLElement).click())));
    for (const tab of [page, other]) await tab.getByText("Not sent.").waitFor({ state: "detached" });
    await expect.poll(async () => (await said(id)).length).toBe(1);
    await other.close();
    browser.complaints.splice(0);
  });

  test("nothing was complained about", () => expect(browser.complaints).toEqual([]));
});
