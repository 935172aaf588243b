// The side panel of a session: its files as a tree, each kind shown, uploads, downloads, and the overview; at a desk and on a phone.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const run = promisify(execFile);
const chromium = findChromium();
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** A document of two pages, with a script that must not run. */
function makePdf(): Buffer {
  const page = (content: number) =>
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 120] /Contents ${content} 0 R /Resources << /Font << /F1 7 0 R >> >> >>`;
  const drawn = (text: string) => {
    const stream = `BT /F1 18 Tf 20 60 Td (${text}) Tj ET 1 0 0 rg 20 20 60 20 re f`;
    return `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`;
  };
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\('ran'\\)) >> >>",
    "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
    page(5),
    page(6),
    drawn("First page"),
    drawn("Second page"),
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  return Buffer.from(
    `${text}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`,
    "latin1",
  );
}

describe.skipIf(!chromium)("the side panel", () => {
  let system: System;
  let browser: Browser;
  let sessionId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent, environment_id, title: "Has files" })).id;
    await write("notes.md", "# Notes\n\nSome words.");
    await write("deep/er/data.csv", "name,count\nada,3\nbea,4\n");
    await write("pixel.png", PIXEL);
    await write("report.pdf", makePdf());
    await write("broken.pdf", "%PDF-1.4 nothing");
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  async function write(path: string, content: string | Buffer): Promise<void> {
    const url = `${system.url}/v1/sessions/${sessionId}/files/content?path=${encodeURIComponent(path)}`;
    const body = typeof content === "string" ? content : new Uint8Array(content);
    const answer = await fetch(url, { method: "POST", headers: { "x-api-key": system.apiKey }, body });
    expect(answer.status).toBe(200);
  }
  const openFile = (page: Page, name: string) => page.getByRole("treeitem").filter({ hasText: name }).click();
  const back = (page: Page) => page.getByRole("button", { name: "All files" }).click();

  test("text, a table and an image are shown from the tree", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}?tab=files`);
    await page.getByRole("treeitem").filter({ hasText: "notes.md" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("panel-files");
    await openFile(page, "notes.md");
    await page.getByText("Some words.").waitFor();
    await back(page);
    await openFile(page, "deep");
    await openFile(page, "er");
    await openFile(page, "data.csv");
    await page.getByRole("cell", { name: "ada" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("panel-csv");
    await back(page);
    await openFile(page, "pixel.png");
    await expect
      .poll(() => page.getByAltText("pixel.png").evaluate((image) => (image as HTMLImageElement).naturalWidth))
      .toBe(1);
    await back(page);
  });

  test("a PDF is drawn page by page, its text can be read out, nothing in it runs; a broken one is told", async () => {
    const { page } = browser;
    await openFile(page, "report.pdf");
    const first = page.getByRole("figure", { name: "Page 1 of 2" });
    await first.getByText("First page").waitFor({ state: "attached" });
    await page.getByRole("figure", { name: "Page 2 of 2" }).getByText("Second page").waitFor({ state: "attached" });
    const red = await first.locator("canvas").evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const scale = canvas.width / 200;
      return [...(canvas.getContext("2d")?.getImageData(40 * scale, 90 * scale, 1, 1).data ?? [])].slice(0, 3);
    });
    expect(red).toEqual([255, 0, 0]);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("panel-pdf");
    await back(page);
    await openFile(page, "broken.pdf");
    await page.getByText("This PDF cannot be shown. Download it.").waitFor();
    await back(page);
    expect(browser.complaints).toEqual([]);
  });

  test("files are uploaded by the button and by a drop, and downloaded one by one or all as tar", async () => {
    const { page } = browser;
    await page
      .getByLabel("Files to upload")
      .setInputFiles({ name: "by-button.txt", mimeType: "text/plain", buffer: Buffer.from("one") });
    await page.getByRole("treeitem").filter({ hasText: "by-button.txt" }).waitFor();
    const dropped = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["two"], "by-drop.txt", { type: "text/plain" }));
      return transfer;
    });
    await page.getByRole("region", { name: "Files" }).dispatchEvent("drop", { dataTransfer: dropped });
    await page.getByRole("treeitem").filter({ hasText: "by-drop.txt" }).waitFor();
    await openFile(page, "by-drop.txt");
    const [one] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expect([one.suggestedFilename(), await readFile(await one.path(), "utf8")]).toEqual(["by-drop.txt", "two"]);
    await back(page);
    const [all] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "All as tar" }).click(),
    ]);
    const { stdout } = await run("tar", ["-tf", await all.path()]);
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining(["workspace/by-button.txt", "workspace/by-drop.txt", "workspace/deep/er/data.csv"]),
    );
  });

  test("the overview says what the session is; on a phone the panel covers the page, and files are shown there too", async () => {
    const { page } = browser;
    await page.getByRole("tab", { name: "Overview" }).click();
    await page.getByRole("tabpanel").getByText(sessionId).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("panel-overview");
    const phone = await openBrowser(chromium ?? "", system.url, { touch: true });
    try {
      await phone.page.goto(`${system.url}/login`);
      await phone.page.getByLabel("API key").fill(system.apiKey);
      await phone.page.getByRole("button", { name: "Log in" }).click();
      await phone.page.getByRole("link", { name: "Sessions" }).first().waitFor();
      await phone.page.goto(`${system.url}/sessions/${sessionId}?tab=files`);
      await phone.page.getByRole("treeitem").filter({ hasText: "report.pdf" }).tap();
      await phone.page
        .getByRole("figure", { name: "Page 1 of 2" })
        .getByText("First page")
        .waitFor({ state: "attached" });
      await phone.page.screenshot({ path: "test-results/screens/panel-pdf-phone.png" });
      expect(await findViolations(phone.page)).toEqual([]);
      expect(phone.complaints).toEqual([]);
    } finally {
      await phone.close();
    }
    expect(browser.complaints).toEqual([]);
  });
});
