// Logs as the server sends them, which together show every kind of item in each of its states. A test holds them to that.
import type { ResultBlock } from "../../../contract/content.ts";
import type { SessionEvent, StopReason, StreamEvent } from "../../../contract/events.ts";
import type { SequencedEvent } from "../../sessions/[id]/fold-events.ts";

export type RecordedLog = { name: string; events: readonly SequencedEvent[] };

/** Without the time, which is filled in: one second an event, the last of them now. */
type Untimed<Event = SessionEvent> = Event extends SessionEvent
  ? Omit<Event, "processed_at" | "id"> & { id?: string; queued?: true }
  : never;
type Preview = Exclude<StreamEvent, SessionEvent>;

const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAGAAAAAwCAIAAABhdOiYAAAAc0lEQVR42u3ZoQ0AIAwEQIZhIJZlJxQLYBihmBp6yetPeu7T1scMs/YJ82tPAwQIECBAgAABAgQIEKAEoMrHv/QAAgQIECBAgAABAgQIUAaQsWrNAwIECBAgQIAAAQIEyF/MmgcECBAgQIAAAQIECFABoAs2FMwO+wxreQAAAABJRU5ErkJggg==";

export function recordedLogs(nowMs: number): RecordedLog[] {
  const logs: Record<string, (Untimed | Preview)[]> = {
    "What a person writes": [
      running,
      say("Please make the tests pass.\n\nThey are in test/, and this is a second paragraph."),
      {
        type: "user.message",
        content: [
          { type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } },
          { type: "document", title: "notes.md", source: { type: "text", media_type: "text/plain", data: "# Notes" } },
          { type: "image", source: { type: "url", url: "https://pictures.example/far.png" } },
          { type: "text", text: "Look at these." },
        ],
      },
      { ...say("And when you are done, tell me."), queued: true },
    ],
    "What an agent says": [
      running,
      ask,
      { type: "agent.thinking" },
      { type: "agent.message", content: [{ type: "text", text: MARKDOWN }] },
      idle({ type: "end_turn" }),
    ],
    "An answer on its way": [running, ask, start("w1"), delta("w1", "The first half of a sentence, and **the sec")],
    "An answer that broke off": [running, ask, start("w2"), delta("w2", "Half of an ans"), failure("retrying")],
    Thinking: [running, ask, { type: "event_start", event: { type: "agent.thinking", id: "th1" } }],
    "Asked, and nothing has come": [running, say("Are you there?"), ask],
    "A call that asks": [
      running,
      call("c1", "bash", { command: "rm -rf build && npm run build" }, "ask"),
      idle(action("c1")),
    ],
    "A call that runs": [
      running,
      call("c2", "bash", { command: "npm test" }),
      output("c2", 0, "RUN v5\n✓ src/add.test.ts\n"),
      call("c2b", "bash", { command: "npm run build" }),
    ],
    "Calls that are done": [
      running,
      call("c3", "bash", { command: "npm test" }),
      result(
        "c3",
        "\u001b[1mRUN\u001b[0m v5\n\u001b[32m✓ 12 passed\u001b[0m\n\u001b[31m✗ 1 failed\u001b[0m\n\u001b[33mslow\u001b[0m",
      ),
      call("c4", "write", {
        file_path: "src/add.ts",
        content: "export const add = (a: number, b: number) => a + b;\n",
      }),
      result("c4", "wrote 52 bytes to src/add.ts"),
      call("c5", "edit", { file_path: "src/add.ts", old_string: "a + b", new_string: "a - b", replace_all: true }),
      result("c5", "replaced 1 occurrence"),
      call("c6", "search_the_web", { query: "how to add", limit: 3, deep: { nested: [1, 2] } }),
      result("c6", Array.from({ length: 90 }, (_, line) => `line ${line + 1}`).join("\n")),
      call("c7", "read", { file_path: "plot.png" }),
      blocks("c7", [{ type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } }]),
      call("c8", "bash", { command: "true" }),
      blocks("c8", []),
    ],
    "Calls that failed": [
      running,
      call("f1", "bash", { command: "exit 3" }),
      { ...result("f1", "exit 3"), is_error: true, exit_code: 3, duration_ms: 1_240 },
      call("f2", "read", { file_path: "/etc/shadow" }),
      { ...result("f2", "There is no file /etc/shadow that the agent may read."), is_error: true },
    ],
    "Calls in parallel": [
      running,
      ask,
      call("p1", "bash", { command: "sleep 1" }),
      call("p2", "grep", { pattern: "TODO" }),
      call("p3", "glob", { pattern: "**/*.test.ts" }),
      result("p1", "done"),
    ],
    "A call that was allowed": [
      running,
      call("k1", "bash", { command: "ls" }, "ask"),
      idle(action("k1")),
      decide("k1", "allow"),
      running,
      result("k1", "README.md"),
    ],
    "A call that was denied": [
      running,
      call("k2", "bash", { command: "rm -rf /" }, "ask"),
      idle(action("k2")),
      {
        ...decide("k2", "deny"),
        deny_message: "Never that.",
        answered_by: { type: "api_key", id: "apikey_1", name: "deploy bot" },
      },
      running,
      { ...result("k2", "The user denied this tool call: Never that."), is_error: true },
    ],
    "A call that waits for a program": [
      running,
      { id: "u1", type: "agent.custom_tool_use", name: "deploy", input: { target: "production" } },
      idle(action("u1")),
    ],
    "A call that was not finished": [
      running,
      call("n1", "bash", { command: "sleep 600" }),
      { type: "user.interrupt" },
      idle({ type: "end_turn" }),
    ],
    Failures: [
      running,
      failure("retrying"),
      { type: "session.status_rescheduled" },
      failure("exhausted"),
      idle({ type: "retries_exhausted" }),
    ],
    "The end of a session": [running, failure("terminal"), { type: "session.status_terminated" }],
    Notes: [
      running,
      { type: "session.status_rescheduled", reason: "worker_changed" },
      { type: "agent.thread_context_compacted" },
      { type: "session.forked", session_id: "sesn_elsewhere", event_id: null },
      idle({ type: "budget_reached" }),
    ],
    "Files that came back": [
      running,
      {
        type: "session.restored",
        reason: "lost",
        snapshot_id: "snap_recorded",
        taken_at: new Date(nowMs - 3 * 3_600_000).toISOString(),
        files: 1_204,
        total_bytes: 48_300_000,
        written_files: 1_204,
        written_bytes: 48_300_000,
        same_files: 0,
        removed: 0,
        checked_files: 1_203,
        refused: [{ path: "data/broken.bin", why: "its content does not match its hash" }],
        refused_count: 1,
        left_out: [{ path: "run/app.sock", why: "a socket" }],
        left_out_count: 140,
        changed_count: 2,
        duration_ms: 1_800,
      },
      idle({ type: "end_turn" }),
    ],
    Refused: [running, say("Do something bad."), { ...idle({ type: "refusal" }) }],
  };
  return Object.entries(logs).map(([name, events]) => ({ name, events: inTime(events, name, nowMs) }));
}

function inTime(events: readonly (Untimed | Preview)[], name: string, nowMs: number): SequencedEvent[] {
  let seq = 0;
  return events.map((event, index) => {
    if (event.type === "event_start" || event.type === "event_delta") return { seq: null, event };
    const { queued, ...rest } = event;
    const processed_at = queued ? null : new Date(nowMs - (events.length - index) * 1_000).toISOString();
    // What was left out by type is put back here.
    return { seq: ++seq, event: { id: `${name} ${index}`, ...rest, processed_at } as SessionEvent };
  });
}

const running: Untimed = { type: "session.status_running" };
const ask: Untimed = { id: "r1", type: "span.model_request_start" };

function say(text: string): Untimed {
  return { type: "user.message", content: [{ type: "text", text }] };
}
function start(id: string): Preview {
  return { type: "event_start", event: { type: "agent.message", id } };
}
function delta(id: string, text: string): Preview {
  return {
    type: "event_delta",
    event_id: id,
    delta: { type: "content_delta", index: 0, content: { type: "text", text } },
  };
}
function output(callId: string, offset: number, text: string): Preview {
  const bytes = { byte_offset: offset, byte_count: new TextEncoder().encode(text).length };
  return {
    type: "event_delta",
    event_id: `${callId}-output`,
    tool_use_id: callId,
    delta: { type: "content_delta", index: 0, content: { type: "text", text }, ...bytes },
  };
}
function call(
  id: string,
  name: string,
  input: Record<string, unknown>,
  permission: "allow" | "ask" = "allow",
): Untimed {
  return { id, type: "agent.tool_use", name, input, evaluated_permission: permission };
}
function result(id: string, text: string): Untimed<Extract<SessionEvent, { type: "agent.tool_result" }>> {
  return blocks(id, [{ type: "text", text }]);
}
function blocks(id: string, content: ResultBlock[]): Untimed<Extract<SessionEvent, { type: "agent.tool_result" }>> {
  return { type: "agent.tool_result", tool_use_id: id, content, is_error: false };
}
function decide(
  id: string,
  result: "allow" | "deny",
): Untimed<Extract<SessionEvent, { type: "user.tool_confirmation" }>> {
  return { type: "user.tool_confirmation", tool_use_id: id, result, answered_by: { type: "dashboard" } };
}
function action(id: string): StopReason {
  return { type: "requires_action", event_ids: [id] };
}
function idle(stop_reason: StopReason): Untimed {
  const stop_details =
    stop_reason.type === "refusal" ? { type: "refusal" as const, category: null, explanation: "Not that." } : null;
  return { type: "session.status_idle", stop_reason, stop_details };
}
function failure(retry: "retrying" | "exhausted" | "terminal"): Untimed {
  const message =
    "The gateway at http://127.0.0.1:4000 refused the key (401). Set LITELLM_API_KEY to a key that it takes.";
  return {
    type: "session.error",
    error: { type: "model_request_failed_error", message, retry_status: { type: retry } },
  };
}

const MARKDOWN = `# A heading

Text with **weight**, *stress*, \`code\`, ~~not this~~ and [a link](https://docs.example/guide).

1. One
2. Two
   - under two

> Somebody said so.

| File | Lines |
|---|---:|
| src/add.ts | 12 |

- [x] done
- [ ] to do

\`\`\`ts
export const add = (a: number, b: number): number => a + b;
\`\`\`

![a picture](https://pictures.example/far.png)

---

The end, with a word that is too long for its line: ${"w".repeat(160)}`;
