// An agent tries a host that its environment does not allow: the session says so, one click allows it, and the next try gets through.
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
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const HOST = "api.example.com";

describe.skipIf(!chromium || sandboxesMissing())("what was refused", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "berth-refused-"));
  let system: System;
  let browser: Browser;
  let upstream: Upstream;
  let environmentId: string;
  let sessionId: string;

  beforeAll(async () => {
    const authority = await createAuthority({ now: Date.now });
    const caFile = path.join(directory, "ca.pem");
    writeFileSync(caFile, authority.certificate);
    upstream = await startUpstream(authority, (_request, response) => response.end("hello from outside"));
    const env = { BERTH_EGRESS_HOSTS: `${HOST}=127.0.0.1:${upstream.port}`, BERTH_EGRESS_CA_FILE: caFile };
    system = await startSystem({ ui: true, env });
    browser = await openDashboard(chromium, system);
    const client = system.client();
    const config = { type: "cloud" as const, networking: { type: "limited" as const, allowed_hosts: [] } };
    environmentId = (await client.beta.environments.create({ name: "closed", config })).id;
    const agent = await sessionsOf(system).agent("Asks the outside");
    sessionId = (await client.beta.sessions.create({ agent, environment_id: environmentId, title: "Outside" })).id;
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await upstream?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = async (command: string) => {
    const sessions = sessionsOf(system);
    await sessions.say(sessionId, `Run \`${command}\``);
    await sessions.rest(sessionId);
  };

  test("nothing was asked for yet, and the pages say what will be there", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/network`);
    await page.getByRole("heading", { name: "No session has asked for anything" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("network-empty");
    await page.goto(`${system.url}/sessions/${sessionId}?tab=network`);
    await page.getByRole("heading", { name: "Nothing was refused" }).waitFor();
  });

  test("a refused host appears in the open tab by itself; one click allows it, and the next try gets through", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${sessionId}?tab=network`);
    await page.getByRole("tabpanel", { name: "Network" }).waitFor();
    await run(`curl -sS https://${HOST}/v1/things?secret=no`);
    const refused = page.getByRole("list", { name: "Refused" });
    await refused.getByText(HOST, { exact: true }).waitFor();
    await refused.getByText("the host is not allowed").waitFor();
    expect(upstream.requests).toEqual([]);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-network-refused");
    await refused.getByRole("button", { name: `Allow in closed: ${HOST}` }).click();
    await refused.getByText("Allowed now in").waitFor();
    const { config } = await system.client().beta.environments.retrieve(environmentId);
    expect(config).toMatchObject({ networking: { type: "limited", allowed_hosts: [HOST] } });
    // Within seconds, in the sandbox that runs: the broker keeps what it knows for two.
    const command = `for i in $(seq 40); do curl -sSf https://${HOST}/v1/things?secret=no && break; sleep 0.2; done`;
    await run(command);
    expect(upstream.requests).toEqual([`GET ${HOST}/v1/things?secret=no`]);
    await browser.screenshots("session-network-allowed");
  });

  test("the page of all requests shows both, without the query, narrowed by what it is asked for", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/environments/${environmentId}`);
    await page.getByRole("link", { name: "Requests" }).click();
    await page.waitForURL(/\/network\?environment=env_/);
    const table = page.getByRole("table", { name: "Requests" });
    await table.getByText("Allowed", { exact: true }).first().waitFor();
    await table.getByText("Refused", { exact: true }).first().waitFor();
    expect(await page.getByText("secret=no").count()).toBe(0);
    await run("curl -sS --connect-to ::api.example.com:443 -k -H 'Host: evil.example.org' https://api.example.com/");
    await table.getByText("Security", { exact: true }).first().waitFor();
    await browser.screenshots("network-requests");
    // The session's own log tells of it, once; the model is not told again.
    await page.goto(`${system.url}/sessions/${sessionId}`);
    const log = page.getByRole("log", { name: "Conversation" });
    await log
      .getByText(/^Security: the sandbox's request to .* was refused \(the names in TLS, Host and CONNECT differ/)
      .waitFor();
    await browser.screenshots("session-security");
    await page.goto(`${system.url}/network?environment=${environmentId}`);
    await table.getByText("Security", { exact: true }).first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await page.getByRole("navigation", { name: "Decision" }).getByRole("link", { name: "Security" }).click();
    await expect.poll(() => table.getByText("the host is not allowed").count()).toBe(0);
    await page.getByRole("navigation", { name: "Decision" }).getByRole("link", { name: "All", exact: true }).click();
    await page.getByLabel("Host", { exact: true }).fill("nobody.example.com");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByRole("link", { name: "Show all requests" }).click();
    await page.waitForURL(/\/network$/);
    await table.getByText(HOST).first().waitFor();
    expect(browser.complaints).toEqual([]);
  });
});
