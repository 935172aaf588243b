// Texts of somebody who wants to run code here, planted wherever a text can come from, are texts: on every page, in every export.
import { readFile, rm } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium, openBrowser } from "../../support/browser.ts";
import {
  HOSTILE_HOST,
  hostileBody,
  hostileTexts,
  hugeTexts,
  LYING,
  unstorableTexts,
} from "../../support/hostile-texts.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../support/scripted-provider.ts";
import { sessionsOf } from "../../support/sessions-of.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const MODEL = "scripted";

describe.skipIf(!chromium)("hostile texts", () => {
  let provider: ScriptedProvider;
  let system: System;
  let browser: Browser;
  let sessions: ReturnType<typeof sessionsOf>;
  /** The session with one of everything. */
  let theatre: string;
  let asking: string;
  let anAgent: string;

  beforeAll(async () => {
    const models = [MODEL, ...hostileTexts.map(({ text }) => text)];
    provider = await startScriptedProvider({ models });
    const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-ours", BERTH_DEFAULT_MODEL: MODEL };
    system = await startSystem({ ui: true, env });
    sessions = sessionsOf(system);
    browser = await openBrowser(chromium ?? "", system.url);
    await browser.page.goto(system.loginUrl);
    await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
    await plantNames();
    await plantSession();
    asking = await plantCalls();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
    await provider?.stop();
  });

  async function api(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(system.url + path, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  async function made(path: string, body: unknown): Promise<{ id: string }> {
    const response = await api("POST", path, body);
    expect(`${response.status} ${response.ok ? "" : await response.clone().text()}`, JSON.stringify(body)).toMatch(
      /^20/,
    );
    return (await response.json()) as { id: string };
  }

  /** A name, a description and metadata of everything that has them. */
  async function plantNames(): Promise<void> {
    for (const { name, text } of hostileTexts) {
      const metadata = { [cut(text, 60)]: text, first_message: text };
      const agent = await made("/v1/agents", {
        name: text,
        description: text,
        system: hostileBody,
        model: MODEL,
        metadata,
        tools: [{ type: "agent_toolset_20260401" }],
      });
      anAgent ??= agent.id;
      await made(`/v1/agents/${agent.id}`, { version: 1, description: `${text} ${name}` });
      await made("/v1/sessions", { agent: agent.id, title: text, metadata: { note: text } });
      await made("/v1/environments", { name: text, description: text, metadata: { note: text } });
      // A key's name is a short line.
      const keyName = cut(text, 90).trim();
      if (keyName !== "") await made("/v1/api_keys", { name: keyName });
    }
  }

  /** What people, agents, tools and gateways say. */
  async function plantSession(): Promise<void> {
    const agent = await made("/v1/agents", {
      name: "Theatre",
      model: MODEL,
      tools: [
        { type: "agent_toolset_20260401" },
        { type: "custom", name: "deploy", description: hostileBody, input_schema: { type: "object" } },
      ],
    });
    theatre = await sessions.make(agent.id, "Theatre");
    provider.script([{ text: hostileBody, reasoning: hostileBody }]);
    await made(`/v1/sessions/${theatre}/events`, {
      events: [
        {
          type: "user.message",
          content: [
            { type: "text", text: hostileBody },
            ...hostileTexts.slice(0, 40).map(({ text }) => ({
              type: "document",
              title: text,
              source: { type: "text", media_type: "text/plain", data: text },
            })),
            { type: "image", source: { type: "url", url: `https://${HOSTILE_HOST}/pixel.png` } },
          ],
        },
      ],
    });
    await sessions.rest(theatre);
    await answerWith([{ text: "Tools", toolCalls: fileCalls() }, { text: "Files are there." }], "Write files");
    await answerWith(
      [
        { toolCalls: hostileTexts.map(({ text }) => ({ name: cut(text, 60), input: { [text]: [text] } })) },
        { text: "Odd tools." },
      ],
      "Call tools that are not there",
    );
    await answerWith([{ toolCalls: [{ name: "deploy", input: { [hostileBody]: hostileBody } }] }], "Deploy");
    const asked = await system.client().beta.sessions.events.list(theatre, { types: ["agent.custom_tool_use"] });
    provider.script([{ text: "Deployed." }]);
    await made(`/v1/sessions/${theatre}/events`, {
      events: [
        {
          type: "user.custom_tool_result",
          custom_tool_use_id: asked.data[0]?.id,
          content: [
            ...[...hostileTexts, ...hugeTexts].map(({ text }) => ({ type: "text", text })),
            {
              type: "search_result",
              title: hostileBody.slice(0, 900),
              source: `javascript:alert(1)`,
              content: [],
              citations: { enabled: false },
            },
          ],
          is_error: true,
        },
      ],
    });
    await sessions.rest(theatre);
    await answerWith([{ status: 400, error: { message: hostileBody } }], "Fail");
  }

  async function answerWith(answers: Parameters<ScriptedProvider["script"]>[0], message: string): Promise<void> {
    provider.script(answers);
    await sessions.say(theatre, message);
    await sessions.rest(theatre);
  }

  function fileCalls() {
    const rows = hostileTexts.map(({ name, text }) => [
      name,
      `"${text.replaceAll('"', '""')}"`,
      text.replaceAll(/[\n",]/g, " "),
    ]);
    const names = hostileTexts.map(({ text }) => `name ${cut(text.replaceAll("/", "∕"), 50)}`);
    const write = (file_path: string, content: string) => ({ name: "write", input: { file_path, content } });
    return [
      write("table.csv", ["a,b,c", ...rows.map((row) => row.join(","))].join("\n")),
      write("page.html", hostileTexts.map(({ text }) => text).join("\n")),
      write("page.md", hostileBody),
      write(
        "drawing.svg",
        `<svg xmlns="http://www.w3.org/2000/svg" onload="top.ranHostile=1"><script>top.ranHostile=1</script></svg>`,
      ),
      ...names.map((name) => write(name, hostileBody.slice(0, 200))),
      { name: "bash", input: { command: "cat page.html" } },
      { name: "bash", input: { command: hostileBody } },
      { name: "edit", input: { file_path: "page.md", old_string: "script", new_string: hostileBody.slice(0, 500) } },
    ];
  }

  /** Calls that wait, some of them denied with a reason. */
  async function plantCalls(): Promise<string> {
    const always = { enabled: true, permission_policy: { type: "always_ask" } };
    const tools = [{ type: "agent_toolset_20260401", default_config: always }];
    const agent = await made("/v1/agents", { name: hostileTexts[0]?.text, model: MODEL, tools });
    const id = await sessions.make(agent.id, hostileTexts[1]?.text ?? "");
    provider.script([{ toolCalls: hostileTexts.map(({ text }) => ({ name: "bash", input: { command: text } })) }]);
    await sessions.say(id, "Ask me");
    await sessions.rest(id);
    const calls = await system.client().beta.sessions.events.list(id, { types: ["agent.tool_use"], limit: 100 });
    const denied = calls.data.slice(0, 20);
    await made(`/v1/sessions/${id}/events`, {
      events: denied.map((call, index) => ({
        type: "user.tool_confirmation",
        tool_use_id: call.id,
        result: "deny",
        deny_message: hostileTexts[index]?.text,
      })),
    });
    return id;
  }

  /** Everything on the page that could act or lie, one line each. */
  async function faultsOf(page: Page): Promise<string[]> {
    const seen = await page.evaluate<Seen>(lookAround);
    const lying = seen.texts
      .filter((text) => LYING.test(text))
      .map((text) => `lies: ${JSON.stringify(text.slice(0, 200))}`);
    return [...seen.acting, ...lying];
  }

  async function expectInert(): Promise<void> {
    const { page } = browser;
    expect(await faultsOf(page)).toEqual([]);
    expect(await page.evaluate("window.ranHostile ?? null")).toBe(null);
    expect(new URL(page.url()).origin).toBe(system.url);
    expect(browser.complaints.splice(0)).toEqual([]);
  }

  test.each(unstorableTexts)("$name is refused in words or mended, and breaks nothing", async ({ text }) => {
    const agents = await system.client().beta.agents.list({ limit: 1 });
    for (const [path, body] of [
      ["/v1/agents", { name: text, model: MODEL }],
      ["/v1/sessions", { agent: agents.data[0]?.id, title: text }],
      ["/v1/environments", { name: text }],
      ["/v1/api_keys", { name: text }],
      [`/v1/sessions/${theatre}/events`, { events: [{ type: "user.interrupt", session_thread_id: text }] }],
    ] as const) {
      const { status } = await api("POST", path, body);
      expect([200, 201, 400], `${path} ${status}`).toContain(status);
    }
  });

  test.each([
    ["/", "Theatre"],
    ["/agents", "Theatre"],
    ["/agents/new", "New agent"],
    ["/approvals", "Approvals"],
    ["/environments", "Environments"],
    ["/running", "Running now"],
    ["/usage", "Usage"],
    ["/sessions/new", "New session"],
    ["/settings", "Settings"],
    ["/settings/keys", "API keys"],
  ])("%s shows them as text", async (path, there) => {
    const { page } = browser;
    await page.goto(system.url + path);
    await page.getByText(there).filter({ visible: true }).first().waitFor();
    await settled(page);
    await expectInert();
    await browser.screenshots(`hostile-${path === "/" ? "sessions" : path.slice(1).replaceAll("/", "-")}`);
  });

  test("an agent's pages show them as text", async () => {
    const { page } = browser;
    for (const path of ["", "/versions", "/code"]) {
      await page.goto(`${system.url}/agents/${anAgent}${path}`);
      await page.getByRole("navigation", { name: "Pages of this agent" }).waitFor();
      await settled(page);
      await expectInert();
    }
  });

  test("a session's title is the same text on its page and in its tab", async () => {
    const { page } = browser;
    const title = hostileTexts.find(({ name }) => name === "override")?.text ?? "";
    await page.goto(`${system.url}/sessions/${await sessions.make(anAgent, title)}`);
    await page.getByRole("log", { name: "Conversation" }).waitFor();
    await expect.poll(() => page.title()).toContain("photo_⟨U+202E⟩gpj.exe");
    await expectInert();
  });

  test("the palette finds them and stays a list of texts", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/settings`);
    await page.keyboard.press("Control+k");
    await page.getByRole("option").nth(30).waitFor();
    await expectInert();
    await page.keyboard.type("<script>");
    await page
      .getByRole("option", { name: /<script>/ })
      .first()
      .waitFor();
    await expectInert();
    await browser.screenshots("hostile-palette");
    await page.keyboard.press("Escape");
  });

  test("the conversation shows them as text, each call opened", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${theatre}`);
    await page.getByRole("log").getByText("Odd tools.").waitFor({ timeout: 30_000 });
    await settled(page);
    const cards = page.getByRole("article").getByRole("button", { expanded: false });
    for (let opened = 0; opened < 30 && (await cards.count()) > 0; opened++) await cards.first().click();
    await expectInert();
    expect(await findViolations(page)).toEqual([]);
    await browser.screenshots("hostile-session");
  });

  test.each(["overview", "files", "events"])("the panel's %s shows them as text", async (tab) => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${theatre}?tab=${tab}`);
    await page.getByRole("tabpanel").waitFor();
    await settled(page);
    await expectInert();
    await browser.screenshots(`hostile-${tab}`);
  });

  test.each(["table.csv", "page.html", "page.md", "drawing.svg"])("the file %s is shown, not run", async (name) => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${theatre}?tab=files`);
    await page
      .getByRole("treeitem", { name })
      .or(page.getByRole("button", { name, exact: true }))
      .first()
      .click();
    await page.getByRole("region", { name: `File ${name}` }).waitFor();
    await settled(page);
    await expectInert();
    await browser.screenshots(`hostile-file-${name.split(".")[1]}`);
  });

  test("calls that wait show what they are, on their page and in the inbox", async () => {
    const { page } = browser;
    for (const path of [`/sessions/${asking}`, "/approvals"]) {
      await page.goto(system.url + path);
      await page.getByText("Allow this call?").first().waitFor();
      await settled(page);
      await expectInert();
      // What reorders, erases or hides is named.
      await page.getByText("photo_⟨U+202E⟩gpj.exe").first().waitFor();
      await page.getByText("rm -rf /␛[2K␛[1Gecho safe").first().waitFor();
      await page.getByText("ad⟨U+200B⟩min").first().waitFor();
      expect(await findViolations(page)).toEqual([]);
    }
    await browser.screenshots("hostile-approvals-open");
  });

  test("an exported HTML file of it is inert too", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/sessions/${theatre}`);
    await page.getByRole("log").getByText("Odd tools.").waitFor({ timeout: 30_000 });
    await page.getByRole("button", { name: "More actions" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Export as HTML" }).click(),
    ]);
    const file = await download.path();
    // Without its own policy, in a page whose policy would report every attempt.
    const html = (await readFile(file, "utf8")).replace(/<meta http-equiv[^>]*>/, "");
    await rm(file);
    await page.goto(`${system.url}/login`);
    await page.setContent(html);
    await page.getByText("Odd tools.").first().waitFor();
    const faults = await faultsOf(page);
    expect(faults).toEqual([]);
    expect(await page.evaluate("window.ranHostile ?? null")).toBe(null);
  });

  test("the policy that held is strict, enforced, and on every page", async () => {
    browser.complaints.splice(0);
    for (const path of ["/", "/login", "/nothing/here", `/sessions/${theatre}`]) {
      const { headers } = await fetch(system.url + path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|unsafe-hashes|\*|https?:/);
      expect(headers.get("content-security-policy-report-only")).toBe(null);
    }
  });
});

/** Whole characters only. */
function cut(text: string, length: number): string {
  return [...text].slice(0, length).join("");
}

type Seen = { texts: string[]; acting: string[] };

/** Nothing of a list or a file is on its way any more. */
async function settled(page: Page): Promise<void> {
  await expect.poll(() => page.locator("[role=status][aria-label^=Loading]").count()).toBe(0);
}

/** Runs in the page: what is read, also aloud, and every element or attribute that only a hostile text would have made. */
const lookAround = `(() => {
  const texts = [document.title], acting = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (!holder.closest("script, style, textarea")) texts.push(node.data);
  }
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (/^(iframe|frame|object|embed|base|portal|applet)$/.test(name)) acting.push("element " + name);
    if (name === "meta" && element.httpEquiv) acting.push("meta " + element.httpEquiv);
    if (name === "form" && element.getAttribute("action")) acting.push("form to " + element.getAttribute("action"));
    for (const { name: attribute, value } of element.attributes) {
      if (/^on/.test(attribute)) acting.push("handler " + attribute + " on " + name);
      if (/^(aria-label|title|alt|placeholder|aria-description)$/.test(attribute)) texts.push(value);
      if (/^(href|src|xlink:href|formaction|poster|data)$/.test(attribute) && value !== "") {
        const { protocol, origin } = new URL(value, location.href);
        const loads = !/^(a|area)$/.test(name);
        if (!/^(https?|blob|data):$/.test(protocol)) acting.push(name + " " + attribute + " " + value);
        if (protocol === "data:" && !/^data:image\\/(png|jpeg|gif|webp|svg)/.test(value)) acting.push(name + " " + value);
        if (loads && /^http/.test(protocol) && origin !== location.origin) acting.push(name + " loads " + value);
      }
    }
  }
  return { texts, acting };
})()`;
