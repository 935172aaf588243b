// What an agent or a program wrote cannot move the cursor, and is shown once.
import { expect, test } from "vitest";
import type { StreamEvent } from "../contract/events.ts";
import { createJsonPrinter, createPrinter } from "./printer.ts";
import { callExactly } from "./show-call.ts";
import { createPaint } from "./terminal.ts";

const at = "2026-01-01T00:00:00Z";

function print(events: StreamEvent[], people = false): { out: string; note: string } {
  let out = "";
  let note = "";
  const printer = createPrinter({
    out: (text) => {
      out += text;
    },
    note: (text) => {
      note += text;
    },
    paint: createPaint(false),
    people,
  });
  for (const event of events) printer.take(event);
  printer.cut();
  return { out, note };
}

const message = (id: string, text: string): StreamEvent => ({
  id,
  type: "agent.message",
  content: [{ type: "text", text }],
  processed_at: at,
});
const start = (id: string): StreamEvent => ({ type: "event_start", event: { type: "agent.message", id } });
const delta = (id: string, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: id,
  delta: { type: "content_delta", index: 0, content: { type: "text", text } },
});
const call = (id: string, command: string): StreamEvent => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command },
  evaluated_permission: "allow",
  processed_at: at,
});
const result = (id: string, text: string): StreamEvent => ({
  id: `r${id}`,
  type: "agent.tool_result",
  tool_use_id: id,
  content: [{ type: "text", text }],
  is_error: false,
  processed_at: at,
});

test("a message that was shown while it was written is not shown again", () => {
  expect(print([start("a"), delta("a", "one "), delta("a", "two"), message("a", "one two three")]).out).toBe(
    "one two three\n",
  );
});

test("a message that was cut is written whole on a new line", () => {
  expect(print([start("a"), delta("a", "one"), start("b"), message("a", "one two")]).out).toBe("one\none two\n");
});

test("a person's message that comes twice is shown once, and not at all to its sender", () => {
  const said = (processed_at: string | null): StreamEvent => ({
    id: "m",
    type: "user.message",
    content: [{ type: "text", text: "hi\nyou" }],
    processed_at,
  });
  expect(print([said(null), said(at)], true).out).toBe("> hi\n  you\n");
  expect(print([said(null), said(at)]).out).toBe("");
});

test("words go to the output, work goes beside it", () => {
  const printed = print([call("a", "ls"), result("a", "x\ny\n"), message("m", "done")]);
  expect(printed).toEqual({ out: "done\n", note: "● bash  ls\n  x\n  y\n" });
});

test("results of calls that ran at once say whose they are", () => {
  const printed = print([call("a", "one"), call("b", "two"), result("b", "2"), result("a", "1")]);
  expect(printed.note).toBe("● bash  one\n● bash  two\n↳ bash  two\n  2\n  1\n");
});

test("a failure says what it is, and where it is mended", () => {
  const failed = (error: object): StreamEvent => ({
    ...{ id: "e", type: "session.error", processed_at: at },
    error: { type: "unknown_error", message: "pip (x) ended\u001b[2J.", retry_status: { type: "exhausted" }, ...error },
  });
  expect(print([failed({ environment_id: "env_1" })]).note).toBe(
    "! Packages not installed. pip (x) ended.\n  The list of packages is in the environment env_1.\n",
  );
  expect(print([failed({ type: "mcp_authentication_failed_error", vault_id: "vlt_1" })]).note).toBe(
    "! Credential could not be used. pip (x) ended.\n  The credential is in the vault vlt_1.\n",
  );
  expect(print([failed({ mcp_server_name: "calc" })]).note).toBe("! Tools of an MCP server left out. pip (x) ended.\n");
  expect(print([failed({})]).note).toBe("! pip (x) ended.\n");
});

test("long output is cut, and says so", () => {
  const printed = print([call("a", "seq 20"), result("a", Array.from({ length: 20 }, (_, n) => n).join("\n"))]);
  expect(printed.note).toContain("  11\n  … 8 more lines\n");
});

const output = (callId: string, byte_offset: number, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: `r${callId}`,
  tool_use_id: callId,
  delta: {
    type: "content_delta",
    index: 0,
    content: { type: "text", text },
    byte_offset,
    byte_count: Buffer.byteLength(text),
  },
});
const measured = (event: StreamEvent, exit_code: number | null, duration_ms: number) =>
  ({ ...event, exit_code, duration_ms }) as StreamEvent;

test("a result tells how a command ended and how long it took, and of several whose it is", () => {
  const one = print([call("a", "npm test"), measured(result("a", "no"), 1, 4_230)]);
  expect(one.note).toBe("● bash  npm test\n↳ exit 1 · 4.2 s\n  no\n");
  const two = print([call("a", "one"), call("b", "two"), measured(result("b", "2"), null, 900)]);
  expect(two.note).toBe("● bash  one\n● bash  two\n↳ bash  two · 900 ms\n  2\n");
});

test("output is shown while it comes, and the result adds only what was not seen", () => {
  const pieces = [output("a", 0, "one"), output("a", 0, "one"), output("a", 3, "\ntw"), output("a", 6, "o\nthr")];
  const { note } = print([
    call("a", "count"),
    ...pieces,
    measured(result("a", "one\ntwo\nthree\nfour\n"), 0, 2_000),
    message("m", "Done"),
  ]);
  expect(note).toBe("● bash  count\n  one\n  two\n  thr\n↳ exit 0 · 2.0 s\n  three\n  four\n");
  const whole = print([call("a", "count"), output("a", 0, "one\n"), measured(result("a", "one"), 0, 2_000)]);
  expect(whole.note).toBe("● bash  count\n  one\n↳ exit 0 · 2.0 s\n");
});

test("a result that is not what was seen is shown all the same", () => {
  const { note } = print([call("a", "count"), output("a", 0, "one\n"), result("a", "bash: timed out\none")]);
  expect(note).toBe("● bash  count\n  one\n  bash: timed out\n  one\n");
});

test("of output that is left out, or too long to be shown while it comes, the end is shown with the result", () => {
  const numbers = Array.from({ length: 1_000 }, (_, index) => `${index}`).join("\n");
  const gap = print([call("a", "seq"), output("a", 0, "0\n1"), output("a", 900, "300\n"), result("a", numbers)]).note;
  expect(gap).toBe(
    "● bash  seq\n  0\n  1\n  … 897 bytes left out …\n  300\n  994\n  995\n  996\n  997\n  998\n  999\n",
  );
  const long = print([
    call("a", "seq"),
    output("a", 0, numbers),
    output("a", 3_900, "more"),
    result("a", numbers),
  ]).note;
  expect(long.split("\n").slice(38, 44)).toEqual([
    "  37",
    "  38",
    "  39",
    expect.stringMatching(/^ {2}… more output/),
    "  994",
    "  995",
  ]);
  expect(
    print([call("a", "x"), output("a", 0, "x".repeat(50_000)), output("a", 50_000, "y")]).note.length,
  ).toBeLessThan(9_000);
});

test("output of calls that run at once says whose it is, and one that is not shown is left out", () => {
  const { note } = print([
    call("a", "one"),
    call("b", "two"),
    output("a", 0, "1"),
    output("b", 0, "2"),
    output("a", 1, "1"),
    output("unknown", 0, "3"),
  ]);
  expect(note).toBe("● bash  one\n● bash  two\n↳ bash  one\n  1\n↳ bash  two\n  2\n↳ bash  one\n  1\n");
});

test("a colour or a line's end that is cut between two pieces is not shown in halves", () => {
  const { note } = print([
    call("a", "x"),
    output("a", 0, "\u001b[3"),
    output("a", 3, "1mred\r"),
    output("a", 9, "\nnext"),
  ]);
  expect(note).toBe("● bash  x\n  red\n  next\n");
});

test("what is prepared before the first tool is said beside the words", () => {
  const packages = (fields: object) =>
    ({ id: "p", type: "session.packages", processed_at: at, ...fields }) as StreamEvent;
  const place = { resource_id: "r", repository_url: "https://git.example.com/acme/app", mount_path: "/workspace/app" };
  const repository = (fields: object) =>
    ({ id: "q", type: "session.repository", processed_at: at, ...place, ...fields }) as StreamEvent;
  const printed = print([
    start("m"),
    delta("m", "half"),
    packages({ status: "installing", manager: "npm", packages: ["left-pad", "a\u001b[2J"] }),
    packages({ status: "ready", duration_ms: 3_000 }),
    repository({ status: "cloning" }),
    repository({ status: "ready", duration_ms: 900 }),
  ]);
  expect(printed.out).toBe("half\n");
  expect(printed.note.split("\n")).toEqual([
    "Installing with npm: left-pad, a",
    "The environment's packages are installed (3.0 s). Later sessions find them ready.",
    "Cloning https://git.example.com/acme/app to /workspace/app",
    "https://git.example.com/acme/app is at /workspace/app (900 ms).",
    "",
  ]);
});

const attack = "\u001b]0;title\u0007\u001b[2Jsafe\u202eevil\u009b31m\r\u0008";

test("nothing that an agent or a program writes reaches the terminal as a control", () => {
  const events = [
    call("a", attack),
    output("a", 0, attack),
    result("a", attack),
    start("m"),
    delta("m", attack),
    message("m", `${attack}!`),
  ];
  const printed = print(events);
  let json = "";
  const lines = createJsonPrinter((text) => {
    json += text;
  });
  for (const event of events) lines.take(event);
  const exactly = callExactly({ name: attack, input: { command: attack } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there
  const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
  for (const text of [printed.out, printed.note, json, exactly]) {
    expect(text).toContain("evil");
    expect(text).not.toMatch(dangerous);
  }
  expect(JSON.parse(json.split("\n")[0] ?? "")).toEqual(events[0]);
  expect(json).not.toContain("byte_offset");
});

test("what is asked about is shown whole", () => {
  expect(callExactly({ name: "bash", input: { command: `${"x".repeat(500)}\nrm -rf /` } })).toContain("\n    rm -rf /");
  expect(callExactly({ name: "bash", input: { command: "ls", restart: true } })).toContain('"restart": true');
});

test("a lost disk's receipt and what no program does by accident are told", () => {
  const stored = (fields: object) => ({ id: "s", processed_at: at, ...fields }) as StreamEvent;
  const printed = print([
    stored({ type: "session.restored", reason: "lost", snapshot_id: null, taken_at: null }),
    stored({ type: "session.egress_refused", host: "evil.example", rule: "placeholder_host", detail: null }),
  ]);
  expect(printed.note.split("\n")).toEqual([
    "The sandbox's disk was lost, and no files had been kept.",
    "! Security: the sandbox's request to evil.example was refused (a placeholder on its way to a host that its credential is not for).",
    "",
  ]);
});
