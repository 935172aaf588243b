// A person is about to delete a session, reads what goes with it, and deletes it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSessionsClient } from "../../../src/client/sessions.ts";
import { createTransport } from "../../../src/client/transport.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();

describe.skipIf(!chromium)("deleting", () => {
  let system: System;
  let browser: Browser;
  let sessions: ReturnType<typeof createSessionsClient>;
  let sessionId: string;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
    const client = system.client();
    sessions = createSessionsClient(createTransport({ baseUrl: system.url, apiKey: system.apiKey }));
    const agent = await client.beta.agents.create({ name: "Talker", model: "demo" });
    sessionId = (await sessions.create({ agent: agent.id, title: "No longer needed" })).id;
    const query = new URLSearchParams({ path: "notes.txt" });
    const written = await fetch(`${system.url}/v1/sessions/${sessionId}/files/content?${query}`, {
      method: "POST",
      headers: { "x-api-key": system.apiKey },
      body: "five!",
    });
    expect(written.status).toBe(200);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    browser.complaints.splice(0);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const dialog = () => browser.page.getByRole("dialog");
  const told = () => dialog().getByRole("list", { name: "What is deleted" }).getByRole("listitem").allTextContents();
  async function ask(): Promise<void> {
    await browser.page.getByRole("button", { name: "More actions" }).click();
    await browser.page.getByRole("menuitem", { name: "Delete…" }).click();
    await dialog().getByRole("listitem").first().waitFor();
  }

  test("what goes with it is said before, as it is now", async () => {
    await browser.page.goto(`${system.url}/sessions/${sessionId}`);
    await browser.page.getByRole("log").waitFor();
    await ask();
    const awake = "Its sandbox, which is awake: whatever runs in it ends";
    expect(await told()).toEqual(["The conversation", "Its files, which no snapshot keeps yet", awake]);
    await dialog().getByRole("button", { name: "Keep it" }).click();
    await sessions.takeSnapshot(sessionId);
    await expect.poll(async () => (await sessions.snapshots(sessionId)).data.length, { timeout: 30_000 }).toBe(1);
    await ask();
    const files = "Its files: 1 file of 5 B when they were last kept";
    expect(await told()).toEqual(["The conversation", files, awake, "1 snapshot of its files"]);
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots("delete-dialog");
  });

  test("then it is gone", async () => {
    await dialog().getByRole("button", { name: "Delete" }).click();
    await browser.page.waitForURL((url) => url.pathname === "/");
    await expect(sessions.get(sessionId)).rejects.toMatchObject({ status: 404 });
    await expect(sessions.snapshots(sessionId)).rejects.toMatchObject({ status: 404 });
  });
});
