// An agent gets an MCP server in its form; a session calls it with its vault's credential, through the real worker, which is killed in the middle.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { findIn } from "../../support/canary.ts";
import { type McpWorld, startMcpWorld } from "../../support/mcp-world.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../support/scripted-provider.ts";
import { sweepSystem } from "../../support/sweep.ts";
import { type System, startSystem } from "../../support/system.ts";
import { gate } from "../../support/turn-world.ts";
import { until } from "../../support/until.ts";

const chromium = findChromium();
/** Of the lists to choose from, those that are narrower than what is chosen. */
const CUT_SELECTS = `[...document.querySelectorAll("select")].filter((one) => {
  const shown = one.offsetWidth;
  Object.assign(one.style, { width: "max-content", maxWidth: "none", flex: "none" });
  const whole = one.offsetWidth;
  Object.assign(one.style, { width: "", maxWidth: "", flex: "" });
  return whole > shown + 1;
}).map((one) => one.getAttribute("aria-label") ?? one.id)`;
const TOKEN = "token-of-the-tracker-4911";

describe.skipIf(!chromium)("an MCP server", () => {
  let directory: string;
  let mcp: McpWorld;
  let provider: ScriptedProvider;
  let system: System;
  let browser: Browser;
  let agentId = "";
  const calls: string[] = [];
  const slow = gate();

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "berth-mcp-"));
    mcp = await startMcpWorld((server) => {
      server.registerTool(
        "create_issue",
        { description: "Makes an issue.", inputSchema: { title: z.string() } },
        async ({ title }) => {
          calls.push(title);
          if (title === "Slow") await slow.opened;
          return { content: [{ type: "text", text: `Issue ${calls.length}: ${title}` }] };
        },
      );
    });
    mcp.intercept = (request, response) => {
      if (request.headers.host === "login.example.com") {
        response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
        return true;
      }
      if (request.headers.authorization === `Bearer ${TOKEN}`) return false;
      response.writeHead(401).end();
      return true;
    };
    const caFile = path.join(directory, "ca.pem");
    await writeFile(caFile, mcp.certificate);
    provider = await startScriptedProvider({ models: ["scripted"] });
    system = await startSystem({
      ui: true,
      env: {
        LITELLM_GATEWAY_URL: provider.url,
        LITELLM_API_KEY: "sk-ours",
        BERTH_DEFAULT_MODEL: "scripted",
        BERTH_EGRESS_HOSTS: ["mcp", "login"].map((name) => `${name}.example.com=127.0.0.1:${mcp.upstream.port}`).join(),
        BERTH_EGRESS_CA_FILE: caFile,
      },
    });
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    slow.open();
    await browser?.close();
    await system?.dispose();
    await provider?.stop();
    await mcp?.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("the form takes its name and address, says what is wrong with one, and keeps them", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/agents/new`);
    await page.getByLabel("Name", { exact: true }).fill("Triage");
    await page.getByLabel("Model").first().fill("scripted");
    await page.getByRole("button", { name: "Add a server" }).click();
    await page.getByLabel("Name of server 1").fill("tracker");
    await page.getByLabel("Address of server 1").fill("http://mcp.example.com/mcp");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.getByText("must begin with https://").waitFor();
    await page.getByLabel("Address of server 1").fill(mcp.url);
    await page.getByText("must begin with https://").waitFor({ state: "hidden" });
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-mcp-servers");
    await page.getByRole("button", { name: "Create agent" }).click();
    await page.waitForURL(/\/agents\/agent_/);
    expect(await page.getByLabel("Address of server 1").inputValue()).toBe(mcp.url);
    agentId = /agent_\w+/.exec(page.url())?.[0] ?? "";
    expect((await system.client().beta.agents.retrieve(agentId)).tools).toContainEqual({
      type: "mcp_toolset",
      mcp_server_name: "tracker",
      default_config: { enabled: true, permission_policy: { type: "always_ask" } },
      configs: [],
    });
  });

  test("on a phone no choice of its form is cut", async () => {
    const { page } = browser;
    const permission_policy = { type: "auto" as never };
    const made = await system.client().beta.agents.create({
      ...{ name: "Decides", model: "scripted" },
      mcp_servers: [{ type: "url", name: "tracker", url: mcp.url }],
      tools: [
        { type: "agent_toolset_20260401", default_config: { enabled: true, permission_policy } },
        { type: "mcp_toolset", mcp_server_name: "tracker", default_config: { enabled: true, permission_policy } },
      ],
    });
    await page.goto(`${system.url}/agents/${made.id}`);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.getByLabel("When bash is called").inputValue()).toBe("auto");
    expect(await page.evaluate<string[]>(CUT_SELECTS)).toEqual([]);
    await page.getByLabel("When bash is called").scrollIntoViewIfNeeded();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("agent-choices");
  });

  async function ask(title: string): Promise<string> {
    const client = system.client();
    const vault = await client.beta.vaults.create({ display_name: title });
    await client.beta.vaults.credentials.create(vault.id, {
      auth: { type: "static_bearer", token: TOKEN, mcp_server_url: mcp.url },
    });
    provider.script([
      { toolCalls: [{ name: "mcp__tracker__create_issue", input: { title } }] },
      { text: "All is done." },
    ]);
    const session = await client.beta.sessions.create({
      agent: agentId,
      environment_id: (await client.beta.environments.list()).data[0]?.id ?? "",
      title,
      vault_ids: [vault.id],
      initial_events: [{ type: "user.message", content: [{ type: "text", text: `Make ${title}` }] }],
    });
    return session.id;
  }

  test("a call of its tool waits for a person, who sees whose it is; then it runs", async () => {
    const { page } = browser;
    const id = await ask("Broken link");
    await page.goto(`${system.url}/sessions/${id}`);
    const card = page.getByRole("article", { name: "Tool call tracker / create_issue" });
    await card.getByText("Allow this call?").waitFor({ timeout: 30_000 });
    await browser.screenshots("session-mcp-asks");
    await page.keyboard.press("a");
    await page.getByRole("log", { name: "Conversation" }).getByText("All is done.").waitFor({ timeout: 30_000 });
    expect(calls).toEqual(["Broken link"]);
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("session-mcp");
  });

  test("a worker that is killed while the server works does not send the call again", async () => {
    const id = await ask("Slow");
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${id}`);
    await page.getByText("Allow this call?").waitFor({ timeout: 30_000 });
    await page.keyboard.press("a");
    await until(() => calls.includes("Slow"), { timeoutMs: 30_000 });
    await system.killPart("worker");
    const events = async () => (await system.client().beta.sessions.events.list(id)).data;
    const resultOf = async () => (await events()).find((event) => event.type === "agent.mcp_tool_result");
    await until(async () => (await resultOf()) !== undefined, { timeoutMs: 60_000 });
    expect(await resultOf()).toMatchObject({
      is_error: true,
      content: [{ type: "text", text: expect.stringMatching(/may have run/) }],
    });
    await until(async () => (await events()).some((event) => event.type === "agent.message"), { timeoutMs: 60_000 });
    expect(calls.filter((title) => title === "Slow")).toHaveLength(1);
    expect(JSON.stringify(await events())).not.toContain(TOKEN);
  });

  test("a credential that can't be renewed says since when, why, and takes new tokens together", async () => {
    const { page } = browser;
    const { vaults } = system.client().beta;
    const vault = await vaults.create({ display_name: "Tracker" });
    const made = await vaults.credentials.create(vault.id, {
      display_name: "Tracker login",
      auth: {
        type: "mcp_oauth",
        mcp_server_url: mcp.url,
        access_token: "access-token-that-is-over",
        refresh: {
          ...{
            client_id: "berth",
            refresh_token: "refresh-token-revoked",
            token_endpoint: "https://login.example.com/",
          },
          token_endpoint_auth: { type: "none" },
        },
      },
    });
    const verdict = await vaults.credentials.mcpOAuthValidate(made.id, { vault_id: vault.id });
    expect(verdict).toMatchObject({ status: "invalid", refresh: { status: "failed" } });
    await page.goto(`${system.url}/vaults/${vault.id}`);
    const row = page.getByRole("list", { name: "Credentials" }).getByRole("listitem");
    await row.getByText(/Needs to be authorized again \(.*\): .*invalid_grant/).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("vault-authorize-again");
    await row.getByRole("button", { name: "Put in new tokens…" }).click();
    const dialog = page.getByRole("dialog", { name: "New tokens for Tracker login" });
    await dialog.getByLabel("Access token").fill(TOKEN);
    await dialog.getByLabel("Refresh token").fill("refresh-token-renewed");
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("vault-new-tokens");
    await dialog.getByRole("button", { name: "Replace" }).click();
    await dialog.waitFor({ state: "hidden" });
    await expect.poll(() => row.getByText("Needs to be authorized again").count()).toBe(0);
    expect(await vaults.credentials.mcpOAuthValidate(made.id, { vault_id: vault.id })).toMatchObject({
      status: "valid",
    });
  });

  test("after all that no token is in the database, a file or a log", async () => {
    const values = [TOKEN, "access-token-that-is-over", "refresh-token-revoked", "refresh-token-renewed"];
    expect(findIn(await sweepSystem(system), values)).toEqual([]);
  });
});
