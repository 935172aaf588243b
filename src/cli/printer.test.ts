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

test("long output is cut, and says so", () => {
  const printed = print([call("a", "seq 20"), result("a", Array.from({ length: 20 }, (_, n) => n).join("\n"))]);
  expect(printed.note).toContain("  11\n  … 8 more lines\n");
});

const attack = "\u001b]0;title\u0007\u001b[2Jsafe\u202eevil\u009b31m\r\u0008";

test("nothing that an agent or a program writes reaches the terminal as a control", () => {
  const events = [call("a", attack), result("a", attack), start("m"), delta("m", attack), message("m", `${attack}!`)];
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
});

test("what is asked about is shown whole", () => {
  expect(callExactly({ name: "bash", input: { command: `${"x".repeat(500)}\nrm -rf /` } })).toContain("\n    rm -rf /");
  expect(callExactly({ name: "bash", input: { command: "ls", restart: true } })).toContain('"restart": true');
});
