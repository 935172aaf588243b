// Packages of an environment, as the developer of a session sees them: what is being installed, what went wrong and what to do, and that it is done once.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../../src/egress/certificate-authority.ts";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { startUpstream, type Upstream } from "../../support/egress-world.ts";
import { sandboxesMissing } from "../../support/local-sandboxd.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { createPackageRegistries, NPM_HOST, PIP_HOST } from "../../support/package-registries.ts";
import { isThere } from "../../support/program-hosts.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";
import { gate } from "../../support/turn-world.ts";

const chromium = findChromium();
const missing = !chromium || sandboxesMissing() || !isThere("npm") || !isThere("pip");

describe.skipIf(missing)("packages of an environment", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "berth-journey-packages-"));
  const registries = createPackageRegistries();
  const held = gate();
  let system: System;
  let browser: Browser;
  let upstream: Upstream;
  let environmentId: string;

  beforeAll(async () => {
    registries.addPip("ours", { module: 'NAME = "of pip"\n' });
    registries.addNpm("left-and-right", {}, { "index.js": 'module.exports = "of npm";\n' });
    const authority = await createAuthority({ now: Date.now });
    const caFile = path.join(directory, "ca.pem");
    writeFileSync(caFile, authority.certificate);
    upstream = await startUpstream(authority, registries.handle);
    const hosts = [NPM_HOST, PIP_HOST].map((host) => `${host}=127.0.0.1:${upstream.port}`).join();
    system = await startSystem({ ui: true, env: { BERTH_EGRESS_HOSTS: hosts, BERTH_EGRESS_CA_FILE: caFile } });
    await sessionsOf(system).agent("Builder");
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    held.open();
    await browser?.close();
    await system?.dispose();
    await upstream?.close();
    registries.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const looked = async (name: string) => {
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots(name);
  };
  const log = () => browser.page.getByRole("log", { name: "Conversation" });
  async function begin(command: string): Promise<string> {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/new`);
    await page.getByLabel("Environment", { exact: true }).selectOption(environmentId);
    await page.getByLabel("First message").fill(`Run \`${command}\``);
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    return new URL(page.url()).pathname.split("/").at(-1) ?? "";
  }
  const outputs = async (sessionId: string) => {
    const events = await system.client().beta.sessions.events.list(sessionId);
    return JSON.stringify(events.data.filter(({ type }) => type === "agent.tool_result"));
  };

  test("one that does not exist is told with the manager's own words, and the environment is where it is mended", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/environments/new`);
    await page.getByLabel("Name", { exact: true }).fill("builds");
    await page.getByLabel("pip", { exact: true }).fill("ours\nnot-there-at-all");
    await page.getByLabel("npm", { exact: true }).fill("left-and-right");
    await page.getByRole("button", { name: "Create environment" }).click();
    await page.waitForURL(/\/environments\/env_/);
    environmentId = new URL(page.url()).pathname.split("/").at(-1) ?? "";

    const sessionId = await begin("true");
    await log().getByText("Installing with pip: not-there-at-all, ours").waitFor({ timeout: 60_000 });
    await log()
      .getByText(/could not be installed: pip \(not-there-at-all, ours\)/)
      .first()
      .waitFor({ timeout: 60_000 });
    const card = page.locator("[data-event]").filter({ hasText: "could not be installed" }).last();
    await card
      .getByText(/not-there-at-all/)
      .first()
      .waitFor();
    await card.getByText("Packages not installed", { exact: true }).waitFor();
    expect(await card.textContent()).not.toContain("unknown_error");
    await card.getByRole("link", { name: "Open the environment" }).waitFor();
    await card.getByRole("button", { name: "Try again" }).waitFor();
    await looked("session-packages-failed");
    await page.goto(`${system.url}/sessions/${sessionId}?tab=history`);
    await page.getByRole("tabpanel", { name: "History" }).getByText("Packages not installed").waitFor();
    await looked("session-history-packages");
    await page.goto(`${system.url}/sessions/${sessionId}`);
    await card.getByRole("link", { name: "Open the environment" }).click();
    await page.waitForURL(`${system.url}/environments/${environmentId}`);
    await page.getByLabel("pip", { exact: true }).fill("ours");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
  });

  test("the next session says what is being installed and when it is there, before its tool runs", async () => {
    registries.hold = held.opened;
    const sessionId = await begin("python3 -c 'import ours; print(ours.NAME)'; node -p 'require(\"left-and-right\")'");
    await log().getByText("Installing with pip: ours").waitFor({ timeout: 60_000 });
    await looked("session-packages-installing");
    held.open();
    await log()
      .getByText(/^The environment's packages are installed \(/)
      .waitFor({ timeout: 60_000 });
    await expect.poll(() => outputs(sessionId), { timeout: 60_000 }).toContain("of pip");
    expect(await outputs(sessionId)).toContain("of npm");
    await looked("session-packages");
  });

  test("one after it finds them ready, and says nothing of them", async () => {
    const sessionId = await begin("python3 -c 'import ours; print(ours.NAME)'");
    await expect.poll(() => outputs(sessionId), { timeout: 60_000 }).toContain("of pip");
    const events = await system.client().beta.sessions.events.list(sessionId);
    expect(events.data.map(({ type }) => String(type))).not.toContain("session.packages");
    expect(browser.complaints).toEqual([]);
  });
});
