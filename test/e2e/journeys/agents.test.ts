// First minutes and first program: the agent that waits, agents made from templates, their versions, code that runs, keys.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAgentInput } from "../../../src/contract/agents.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import { pythonSdkMissing, runPython } from "../../support/python-sdk.ts";
import { type System, startSystem } from "../../support/system.ts";
import { until } from "../../support/until.ts";

const run = promisify(execFile);
const chromium = findChromium();

describe.skipIf(!chromium)("agents, from the first minute on", () => {
  let system: System;
  let browser: Browser;
  /** Inside the repository, so that programs there find the SDK. */
  let directory: string;

  beforeAll(async () => {
    const build = path.resolve(import.meta.dirname, "../../../.build");
    await mkdir(build, { recursive: true });
    directory = await mkdtemp(path.join(build, "journey-"));
    system = await startSystem({ ui: true });
    browser = await openBrowser(chromium ?? "", system.url);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  /** Of the editor, or of the plain field that is there until the editor is loaded. */
  const prompt = () =>
    browser.page
      .getByLabel("System prompt")
      .evaluate((field) => (field instanceof HTMLTextAreaElement ? field.value : (field as HTMLElement).innerText));

  test("the printed link leads to an agent that waits; one click, and it runs a command", async () => {
    const { page } = browser;
    await page.goto(system.loginUrl);
    const card = page.getByRole("region", { name: "A first session" });
    await card.getByText("Hello agent is waiting").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("sessions-first");
    await card.getByRole("button", { name: "Try it" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    const call = page.getByLabel("Tool call bash");
    await call.getByText("done").first().waitFor({ timeout: 30_000 });
    await expect.poll(() => page.locator("header").innerText(), { timeout: 30_000 }).toContain("Idle");
    await browser.screenshots("session-first");
  });

  test("an agent starts from a template, keeps its versions, and goes back to one", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    await page.getByText("Hello agent").first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agents-first");
    await page.goto(`${system.url}/agents/new`);
    await page.getByRole("link", { name: /Shell helper/ }).click();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Shell helper");
    expect(await page.getByLabel("When bash is called").inputValue()).toBe("always_ask");
    expect(await findViolations(page)).toEqual([]);
    await page.locator(".cm-content").waitFor();
    await browser.screenshots("agent-template");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.waitForURL(/\/agents\/agent_/);

    // What is typed outlives a window that becomes narrow and wide again.
    await page.getByLabel("System prompt").fill("Do small jobs.\nOne at a time.");
    await page.getByRole("heading", { name: "Try version 1" }).waitFor();
    await page.setViewportSize({ width: 800, height: 900 });
    await page.getByRole("heading", { name: "Try version 1" }).waitFor({ state: "hidden" });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole("heading", { name: "Try version 1" }).waitFor();
    expect(await prompt()).toBe("Do small jobs.\nOne at a time.");
    const panel = page.getByRole("complementary", { name: "Try it" });
    await panel.getByText("version 1 does not have them").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-unsaved");
    await panel.getByRole("button", { name: "Save as new version" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await panel.getByRole("heading", { name: "Try version 2" }).waitFor();
    expect(await panel.getByText("does not have them").count()).toBe(0);
    await panel.getByLabel("Say to it").fill("Run `echo tried-$((40 + 2))`");
    await panel.getByRole("button", { name: "Start" }).click();
    await panel.getByRole("button", { name: "Allow", exact: true }).click({ timeout: 30_000 });
    await panel.getByText("tried-42").first().waitFor({ timeout: 30_000 });
    await browser.screenshots("agent-try");
    await page.getByRole("link", { name: "Versions" }).click();
    await page.getByRole("list", { name: "Differences" }).getByText("One at a time.").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-versions");
    await page.getByRole("button", { name: "Use version 1" }).click();
    await page.getByText("version 3", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Definition" }).click();
    await expect.poll(prompt).toContain("for somebody who watches");
  });

  test("on a phone the agent is tried beside the editor's place, and what was typed is still there", async () => {
    const phone = await openBrowser(chromium ?? "", system.url, { touch: true });
    try {
      const { page } = phone;
      await page.goto(`${system.url}/login`);
      await page.getByLabel("API key").fill(system.apiKey);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("link", { name: "Sessions" }).first().waitFor();
      await page.goto(browser.page.url());
      await page.locator(".cm-content").waitFor();
      await page.getByLabel("Description").fill("typed on a phone");
      await page.getByRole("button", { name: "Try it" }).click();
      const panel = page.getByRole("complementary", { name: "Try it" });
      await panel.getByText("version 3 does not have them").waitFor();
      await panel.getByLabel("Say to it").fill("Run `echo phone-$((40 + 2))`");
      await panel.getByRole("button", { name: "Start" }).click();
      await panel.getByRole("button", { name: "Allow", exact: true }).click({ timeout: 30_000 });
      await panel.getByText("phone-42").first().waitFor({ timeout: 30_000 });
      expect(await findViolations(page)).toEqual([]);
      await page.screenshot({ path: "test-results/screens/agent-try-phone.png" });
      await page.getByRole("button", { name: "Edit", exact: true }).click();
      expect(await page.getByLabel("Description").inputValue()).toBe("typed on a phone");
      await page.screenshot({ path: "test-results/screens/agent-edit-phone.png" });
      expect(phone.complaints).toEqual([]);
    } finally {
      await phone.close();
    }
  });

  test("unsaved edits are not lost by a link, the palette, the way back or a closed tab", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents`);
    await page.getByText("Hello agent").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/agents\/agent_/);
    await page.getByLabel("Description").fill("not saved");
    const url = page.url();
    const question = page.getByRole("dialog", { name: "Leave without saving?" });
    const stay = async () => {
      await question.getByRole("button", { name: "Stay" }).click();
      await question.waitFor({ state: "hidden" });
      expect([page.url(), await page.getByLabel("Description").inputValue()]).toEqual([url, "not saved"]);
    };
    await page.getByRole("link", { name: "Versions" }).click();
    await question.waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("unsaved-edits");
    await stay();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find a session" }).fill("Usage");
    await page.keyboard.press("Enter");
    await question.waitFor();
    await stay();
    await page.evaluate(() => history.back());
    await question.waitFor();
    await stay();
    await page.close({ runBeforeUnload: true });
    await expect.poll(() => browser.complaints.splice(0)).toEqual([expect.stringContaining("dialog: beforeunload")]);
    expect(await page.getByLabel("Description").inputValue()).toBe("not saved");
    await page.getByRole("link", { name: "Versions" }).click();
    await question.getByRole("button", { name: "Leave" }).click();
    await page.waitForURL(/versions/);
    await page.getByRole("link", { name: "Definition" }).click();
    await expect.poll(() => page.getByLabel("Description").inputValue()).not.toBe("not saved");
  });

  test("what others save is in an untouched form at once; over typed edits one decides", async () => {
    const { page } = browser;
    const client = system.client();
    const agent = await client.beta.agents.create({ name: "Shared", model: "demo", metadata: { owner: "ada" } });
    await page.goto(`${system.url}/agents/${agent.id}`);
    await page.getByText("version 1", { exact: true }).waitFor();
    await client.beta.agents.update(agent.id, { version: 1, description: "by a program" });
    await expect.poll(() => page.getByLabel("Description").inputValue(), { timeout: 15_000 }).toBe("by a program");
    await page.getByLabel("Effort").selectOption("high");
    await page.getByLabel("Value 1").fill("bea");
    await page.getByRole("button", { name: "Add a value" }).click();
    await page.getByLabel("Name 2").fill("owner");
    await page.locator("#agent-form").getByRole("button", { name: "Save as new version" }).click();
    await page.getByText("“owner” is there twice.").waitFor();
    await page.getByLabel("Name 2").fill("team");
    await page.getByLabel("Value 2").fill("core");
    await client.beta.agents.update(agent.id, {
      version: 2,
      description: "by a program again",
      metadata: { cost: "low" },
    });
    await page.getByText("Somebody saved version 3").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-stale");
    await page.getByRole("button", { name: "Save mine as the newest" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const saved = await client.beta.agents.retrieve(agent.id);
    expect(saved).toMatchObject({
      version: 4,
      description: "by a program",
      model: { id: "demo", effort: { type: "high" } },
      metadata: { owner: "bea", team: "core", cost: "low" },
    });
  });

  test("an agent is duplicated, exported as a file, and imported again", async () => {
    const { page } = browser;
    const agents = await system.client().beta.agents.list();
    const helper = agents.data.find(({ name }) => name === "Shell helper");
    await page.goto(`${system.url}/agents/${helper?.id}`);
    await page.getByRole("button", { name: "More actions" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Export as JSON" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("shell-helper.agent.json");
    const exported = JSON.parse(await readFile(await download.path(), "utf8"));
    expect(createAgentInput.safeParse(exported).error).toBeUndefined();
    await page.getByRole("button", { name: "More actions" }).click();
    const [yaml] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Export as YAML" }).click(),
    ]);
    expect(yaml.suggestedFilename()).toBe("shell-helper.agent.yaml");
    const yamlText = await readFile(await yaml.path(), "utf8");
    expect(yamlText).toMatch(/^name: Shell helper\n/);

    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Shell helper (copy)");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.waitForURL(/\/agents\/agent_/);

    const file = path.join(directory, "import.json");
    await page.goto(`${system.url}/agents/new`);
    await writeFile(file, "{");
    await page.getByLabel("File of an agent").setInputFiles(file);
    await page.getByText("This file is not JSON").waitFor();
    await writeFile(file, JSON.stringify({ ...exported, name: "Imported" }));
    await page.getByLabel("File of an agent").setInputFiles(file);
    await page.waitForURL(/\/agents\/agent_/);
    await page.getByRole("heading", { name: /Imported/ }).waitFor();
    expect(await page.getByLabel("When bash is called").inputValue()).toBe("always_ask");
    const yamlFile = path.join(directory, "import.yaml");
    await writeFile(yamlFile, yamlText.replace("Shell helper", "From YAML"));
    await page.goto(`${system.url}/agents/new`);
    await page.getByLabel("File of an agent").setInputFiles(yamlFile);
    await page.getByRole("heading", { name: /From YAML/ }).waitFor();
    await expect.poll(prompt).toContain("for somebody who watches");
  });

  test("the code on the agent's page, with a key that is filled in on a click, runs as shown", async () => {
    const { page } = browser;
    const agents = await system.client().beta.agents.list();
    const hello = agents.data.find((agent) => agent.name === "Hello agent");
    await page.goto(`${system.url}/agents/${hello?.id}/code`);
    await page.getByRole("button", { name: "Make a key and fill it in" }).click();
    await page.getByText("The key is filled in").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-code");

    const shown = async (language: string) => {
      await page.getByRole("button", { name: language }).click();
      return page
        .getByRole("region", { name: `${language} example` })
        .locator("pre")
        .last()
        .innerText();
    };
    const program = path.join(directory, "program.ts");
    await writeFile(program, await shown("TypeScript"));
    const { stdout } = await run("node", [program], { timeout: 60_000 });
    expect(stdout).toMatch(/agent\.tool_result .*Linux/);

    const missing = await pythonSdkMissing();
    if (missing) console.warn(`SKIPPED: ${missing}`);
    else {
      await writeFile(path.join(directory, "program.py"), await shown("Python"));
      expect(await runPython(path.join(directory, "program.py"), {})).toMatch(/agent\.tool_result .*Linux/);
    }

    const script = await shown("curl");
    const answer = await run("bash", ["-c", script.replaceAll("curl -sSN", "curl -sSN --max-time 8")]).catch(
      (error: { stdout: string }) => error,
    );
    expect(answer.stdout).toContain("event: session.status_idle");
    await page.goto(system.url);
    await expect
      .poll(() => page.getByRole("link", { name: /sesn_|Untitled|Trying/ }).count(), { timeout: 15_000 })
      .toBeGreaterThan(0);
  });

  test("a key is made, shown once, and refused after it was revoked", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/settings`);
    await page.getByRole("button", { name: "Test the gateway" }).click();
    await page.getByText("the demo model answers with one model").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("settings-tested");
    await page.getByRole("link", { name: "Manage API keys" }).click();
    await page.getByLabel("Name of the program").fill("nightly");
    await page.getByRole("button", { name: "Create key" }).click();
    const key = await page.getByRole("region", { name: "New key" }).locator("code").innerText();
    const status = async () => (await fetch(`${system.url}/v1/agents`, { headers: { "x-api-key": key } })).status;
    expect(await status()).toBe(200);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("api-keys");
    await page.reload();
    await page.getByText("nightly", { exact: true }).waitFor();
    expect(await page.content()).not.toContain(key);

    await page.getByRole("button", { name: "Revoke nightly…" }).click();
    await browser.screenshots("api-keys-revoke");
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await until(async () => (await status()) === 401, { timeoutMs: 6_000 });
    await page.getByText("One revoked key").waitFor();
    expect(browser.complaints).toEqual([]);
  });
});
