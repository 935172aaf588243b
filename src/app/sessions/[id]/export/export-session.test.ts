// An export holds the whole conversation, and nothing in it acts: not in a browser, not in a viewer of Markdown.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hostileTexts } from "../../../../../test/support/hostile-texts.ts";
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Session } from "../../../../contract/sessions.ts";
import { foldEvents } from "../fold-events.ts";
import { emptyView } from "../session-view.ts";
import { inertMarkdown } from "./inert-markdown.ts";
import { toHtml } from "./to-html.tsx";
import { toJson } from "./to-json.ts";
import { toMarkdown } from "./to-markdown.ts";
import { type Transcript, transcriptFileName } from "./transcript.ts";

const at = "2026-01-31T12:00:00.000Z";
const later = "2026-01-31T12:00:04.200Z";

/** Every kind of item, with one text wherever somebody else's text can stand. */
function conversation(text: string): Transcript {
  const events: StreamEvent[] = [
    { id: "s1", type: "session.status_running", processed_at: at },
    {
      id: "m1",
      type: "user.message",
      processed_at: at,
      content: [
        { type: "text", text },
        { type: "document", title: text, source: { type: "text", media_type: "text/plain", data: text } },
        { type: "image", source: { type: "url", url: "https://hostile.example/pixel.png" } },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
      ],
    },
    { id: "r1", type: "span.model_request_start", processed_at: at },
    { id: "t1", type: "agent.thinking", processed_at: at },
    { id: "a1", type: "agent.message", content: [{ type: "text", text }], processed_at: at },
    call("c1", "bash", { command: text }),
    call("c2", text, { [text]: text }),
    call("c3", "edit", { file_path: text, old_string: text, new_string: `${text}\nmore` }),
    result("c1", text),
    result("c3", text),
    {
      id: "k2",
      type: "user.tool_confirmation",
      tool_use_id: "c2",
      result: "deny",
      deny_message: text,
      answered_by: { type: "api_key", id: "apikey_1", name: text },
      processed_at: later,
    },
    {
      id: "e1",
      type: "session.error",
      error: { type: "unknown_error", message: text, retry_status: { type: "exhausted" } },
      processed_at: later,
    },
    {
      id: "i1",
      type: "session.status_idle",
      processed_at: later,
      stop_reason: { type: "retries_exhausted" },
      stop_details: null,
    },
    { id: "m2", type: "user.message", content: [{ type: "text", text: "And then?" }], processed_at: null },
  ];
  const log: StreamEvent[] = [];
  for (const [index, event] of events.entries()) log[index + 1] = event;
  return {
    session: session(text),
    title: text,
    view: foldEvents(
      emptyView,
      events.map((event, index) => ({ seq: index + 1, event })),
    ),
    log,
    at,
  };
}

function call(id: string, name: string, input: Record<string, unknown>): StreamEvent {
  return {
    id,
    type: "agent.tool_use",
    name,
    input,
    evaluated_permission: id === "c2" ? "ask" : "allow",
    processed_at: at,
  };
}

function result(id: string, text: string): StreamEvent {
  return {
    id: `${id}r`,
    type: "agent.tool_result",
    tool_use_id: id,
    content: [{ type: "text", text: text || "-" }],
    is_error: false,
    processed_at: later,
  };
}

function session(text: string): Session {
  return {
    type: "session",
    id: "sesn_1",
    agent: {
      type: "agent",
      id: "agent_1",
      version: 3,
      name: text,
      description: null,
      model: { id: text },
      system: null,
      tools: [],
      mcp_servers: [],
      skills: [],
    },
    environment_id: "env_1",
    title: text,
    metadata: {},
    status: "idle",
    stop_reason: null,
    usage: { input_tokens: 1_200, output_tokens: 34, cache_read_input_tokens: 0 },
    created_at: at,
    updated_at: at,
    archived_at: null,
  } as unknown as Session;
}

describe.each(hostileTexts)("$name", ({ text }) => {
  test("does nothing in the HTML file", () => {
    const html = toHtml(conversation(text));
    const body = html.slice(html.indexOf("<body>"));
    const tags = [...body.matchAll(/<([a-z][a-z0-9-]*)((?:[^>"]|"[^"]*")*)>/g)];
    expect(tags.length).toBeGreaterThan(20);
    for (const [tag, name = "", attributes = ""] of tags) {
      expect(ELEMENTS, tag).toContain(name);
      // The quoted values are text; only the names of attributes can act.
      const names = [...attributes.replaceAll(/"[^"]*"/g, '""').matchAll(/([^\s=/]+)=/g)].map(([, one]) => one);
      for (const one of names) expect(ATTRIBUTES, tag).toContain(one);
      for (const [, address = ""] of attributes.matchAll(/ (?:href|src)="([^"]*)"/g))
        expect(address).toMatch(name === "img" ? /^data:image\/png;base64,/ : /^https?:\/\//);
    }
    // Every other "<" of the conversation is written as text.
    expect(body.replaceAll(/<\/?[a-z][a-z0-9-]*(?:[^>"]|"[^"]*")*>/g, "")).not.toMatch(/<(?!$)/);
    expect(html.slice(0, html.indexOf("<body>"))).not.toContain("<script");
    expect(html).not.toMatch(LIES);
  });

  test("neither lies nor leaves its place in the Markdown file", () => {
    const markdown = toMarkdown(conversation(text));
    expect(markdown).not.toMatch(LIES);
    // A heading at the end: nothing before it was left open.
    expect(outsideOfFences(markdown)).toMatch(/^## Person · queued$/m);
    for (const line of outsideOfFences(markdown).split("\n")) {
      const prose = line.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, "");
      expect(prose).not.toMatch(/(?<!\\)!\[/);
      expect(prose).not.toMatch(/(?<!\\)<(?!https?:)[a-z/!?]/i);
    }
  });

  test("is whole in the JSON file", () => {
    const transcript = conversation(text);
    const { events, session: kept } = JSON.parse(toJson(transcript));
    expect(events).toEqual(transcript.log.filter((event) => event !== undefined));
    expect(kept.title).toBe(text);
  });

  test("makes a name for a file that every system takes", () => {
    expect(transcriptFileName(conversation(text), "md")).toMatch(/^[a-z0-9][a-z0-9-]*-sesn_1\.md$/);
  });
});

test("everything that was said and done is there", () => {
  const transcript = conversation("marker-text");
  const html = toHtml(transcript);
  const markdown = toMarkdown(transcript);
  for (const written of [html, markdown]) {
    for (const part of [
      "marker-text",
      "sesn\\\\?_1",
      "bash",
      "denied",
      "done · 4.2 s",
      "2026-01-31 12:00:00 UTC",
      "with the key",
      "And then\\?",
      "Failure",
      "thought about it",
      "1.2k tokens",
    ])
      expect(written).toMatch(new RegExp(part));
    expect(written.match(/marker-text/g)?.length).toBeGreaterThanOrEqual(14);
  }
  expect(markdown).toContain("```sh\nmarker-text\n```");
  expect(markdown).toContain("+more");
});

test("what was accepted and then entered the conversation is in the JSON file once", () => {
  const accepted: StreamEvent = {
    id: "m",
    type: "user.message",
    content: [{ type: "text", text: "x" }],
    processed_at: null,
  };
  const echo: StreamEvent = { ...accepted, processed_at: later };
  const { events } = JSON.parse(toJson({ ...conversation("x"), log: [accepted, echo] }));
  expect(events).toEqual([echo]);
});

test("the HTML file takes its own style and nothing else", () => {
  const html = toHtml(conversation("x"));
  const [, style = ""] = /<style>([\s\S]*)<\/style>/.exec(html) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  expect(html).toContain(
    `content="default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
  );
});

test.each([
  ["![a](https://x.example/p.png)", "\\![a](https://x.example/p.png)"],
  ["a <b>c</b> <https://ok.example>", "a \\<b>c\\</b> <https://ok.example>"],
  ["`<b>` and ``a ` ![b]`` but ![c]", "`<b>` and ``a ` ![b]`` but \\![c]"],
  ["```\n<b>\n```\n<b>", "```\n<b>\n```\n\\<b>"],
  ["~~~~\n~~~\n<b>", "~~~~\n~~~\n<b>\n~~~~"],
  ["1 < 2", "1 < 2"],
])("inert: %j", (text, inert) => expect(inertMarkdown(text)).toBe(inert));

const ELEMENTS =
  "body main article section div p h1 h2 h3 h4 h5 h6 small dl dt dd bdi pre code img a span strong em del hr br ul ol li table thead tbody tr th td blockquote sub sup input".split(
    " ",
  );
const ATTRIBUTES = [
  "class",
  "dir",
  "src",
  "alt",
  "href",
  "target",
  "rel",
  "data-streamdown",
  "type",
  "disabled",
  "checked",
  "aria-label",
  "style",
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const LIES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** As a reader of Markdown sees it: what is not within a fence. */
function outsideOfFences(markdown: string): string {
  let open: string | null = null;
  const kept = markdown.split("\n").filter((line) => {
    const mark = /^ {0,3}(?:> ?)*(`{3,}|~{3,})/.exec(line)?.[1];
    if (open !== null) {
      if (mark?.startsWith(open) && line.trim().endsWith(mark)) open = null;
      return false;
    }
    open = mark ?? null;
    return mark === undefined;
  });
  return kept.join("\n");
}
