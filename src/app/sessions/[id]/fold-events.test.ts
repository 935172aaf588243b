// The timeline is right at every prefix of the log, for any split of the stream and any re-delivery.
import { describe, expect, test } from "vitest";
import type { SessionAgent } from "../../../contract/agents.ts";
import type { StreamEvent } from "../../../contract/events.ts";
import { cutPreviews, foldEvents, type SequencedEvent } from "./fold-events.ts";
import { emptyView, type Item, openCalls, retryableFailure, type SessionView } from "./session-view.ts";

let clock = 0;
const at = () => new Date(Date.UTC(2026, 0, 1, 0, 0, clock++)).toISOString();

/** Numbers the stored events as the server does. */
function sequence(events: StreamEvent[]): SequencedEvent[] {
  let seq = 0;
  return events.map((event) => ({ seq: event.type.startsWith("event_") ? null : ++seq, event }));
}

const say = (id: string, text: string, processed = true): StreamEvent => ({
  id,
  type: "user.message",
  content: [{ type: "text", text }],
  processed_at: processed ? at() : null,
});
const running = (id: string): StreamEvent => ({ id, type: "session.status_running", processed_at: at() });
const idle = (id: string, askedIds: string[] = []): StreamEvent => ({
  id,
  type: "session.status_idle",
  processed_at: at(),
  stop_reason: askedIds.length > 0 ? { type: "requires_action", event_ids: askedIds } : { type: "end_turn" },
  stop_details: null,
});
const answer = (id: string, text: string): StreamEvent => ({
  id,
  type: "agent.message",
  content: [{ type: "text", text }],
  processed_at: at(),
});
const start = (id: string, type: "agent.message" | "agent.thinking" = "agent.message"): StreamEvent => ({
  type: "event_start",
  event: { type, id },
});
const delta = (id: string, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: id,
  delta: { type: "content_delta", index: 0, content: { type: "text", text } },
});
const call = (id: string, permission: "allow" | "ask" | "deny" = "allow"): StreamEvent => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command: "ls" },
  evaluated_permission: permission,
  processed_at: at(),
});
const result = (id: string, toolUseId: string, isError = false): StreamEvent => ({
  id,
  type: "agent.tool_result",
  tool_use_id: toolUseId,
  content: [{ type: "text", text: "out" }],
  is_error: isError,
  processed_at: at(),
});
const confirm = (id: string, toolUseId: string, allow: boolean, processed = true): StreamEvent => ({
  id,
  type: "user.tool_confirmation",
  tool_use_id: toolUseId,
  result: allow ? "allow" : "deny",
  deny_message: allow ? null : "not now",
  processed_at: processed ? at() : null,
});
const requestStart = (id: string): StreamEvent => ({ id, type: "span.model_request_start", processed_at: at() });
const requestEnd = (id: string, startId: string): StreamEvent => ({
  id,
  type: "span.model_request_end",
  model_request_start_id: startId,
  is_error: false,
  model_usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 1, cache_creation_input_tokens: 0 },
  processed_at: at(),
});

/** Two turns with everything: queueing, previews, thinking, parallel calls, an approval, an error, an interrupt. */
const STORY: StreamEvent[] = [
  say("m1", "hello", false),
  running("s1"),
  say("m1", "hello"),
  requestStart("r1"),
  start("t1", "agent.thinking"),
  { id: "t1", type: "agent.thinking", processed_at: at() },
  start("a1"),
  delta("a1", "Hel"),
  delta("a1", "lo."),
  answer("a1", "Hello."),
  call("c1"),
  call("c2", "ask"),
  requestEnd("r1e", "r1"),
  say("m2", "and then?", false),
  result("c1r", "c1"),
  idle("i1", ["c2"]),
  confirm("k1", "c2", true, false),
  running("s2"),
  confirm("k1", "c2", true),
  result("c2r", "c2", true),
  say("m2", "and then?"),
  requestStart("r2"),
  start("a2"),
  delta("a2", "half"),
  requestEnd("r2e", "r2"),
  {
    id: "e1",
    type: "session.error",
    error: { type: "model_overloaded_error", message: "busy", retry_status: { type: "retrying" } },
    processed_at: at(),
  },
  { id: "x1", type: "session.status_rescheduled", processed_at: at() },
  running("s3"),
  call("c3", "ask"),
  idle("i2", ["c3"]),
  confirm("k2", "c3", false),
  running("s4"),
  result("c3r", "c3", true),
  call("c4"),
  { id: "z1", type: "user.interrupt", processed_at: at() },
  idle("i3"),
  { id: "u1", type: "session.updated", title: "A title", processed_at: at() },
  say("m3", "again", false),
  running("s5"),
  say("m3", "again"),
  answer("a3", "Yes."),
  idle("i4"),
];
const story = sequence(STORY);
const whole = foldEvents(emptyView, story);
const items = (view: SessionView): Item[] => view.turns.flatMap((turn) => [...turn.items]);
const find = (view: SessionView, id: string) => items(view).find((item) => item.id === id);

describe("the story", () => {
  test("has its items in the order in which they entered the conversation", () => {
    expect(items(whole).map((item) => item.id)).toEqual([
      "m1",
      "t1",
      "a1",
      "c1",
      "c2",
      "m2",
      "a2",
      "e1",
      "c3",
      "c4",
      "z1",
      "m3",
      "a3",
    ]);
    expect(whole.turns.map((turn) => turn.items.length)).toEqual([11, 2]);
  });

  test.each([
    ["c1", "done"],
    ["c2", "failed"],
    ["c3", "denied"],
    ["c4", "unfinished"],
    ["a1", "done"],
    ["a2", "cut"],
  ])("ends with %s %s", (id, state) => expect(find(whole, id)).toMatchObject({ state }));

  test("counts tokens, keeps the title and the status", () => {
    expect(whole.tokens).toMatchObject({ input_tokens: 20, output_tokens: 10, cache_read_input_tokens: 2 });
    expect(whole).toMatchObject({ title: "A title", status: "idle", stopReason: { type: "end_turn" }, queued: [] });
  });

  test("an allowed call starts to run when it was allowed, not when it was asked", () => {
    const allowed = STORY.find((event) => event.type === "user.tool_confirmation" && event.processed_at !== null);
    expect(find(whole, "c2")).toMatchObject({
      startedAt: allowed && "processed_at" in allowed && allowed.processed_at,
    });
  });
});

describe("at any prefix", () => {
  const prefixes = story.map((_, length) => foldEvents(emptyView, story.slice(0, length)));

  test("no id is shown twice, queue included", () => {
    for (const view of prefixes) {
      const ids = [...items(view), ...view.queued].map((item) => item.id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  test("only the last turn is open, and nothing runs in a turn that has ended", () => {
    for (const { turns } of prefixes) {
      for (const [index, turn] of turns.entries()) {
        if (index < turns.length - 1) expect(turn.endedAt).not.toBeNull();
        if (turn.endedAt === null) continue;
        for (const item of turn.items) {
          if (item.kind === "tool_call") expect(["done", "failed", "denied", "unfinished"]).toContain(item.state);
          if (item.kind === "agent_message") expect(item.state).not.toBe("writing");
        }
      }
    }
  });

  test("what the session waits for is what can be answered", () => {
    for (const view of prefixes) {
      if (view.stopReason?.type !== "requires_action") continue;
      const waiting = openCalls(view, "asking").map((each) => each.id);
      const answered = items(view).filter((item) => item.kind === "tool_call" && item.confirmation);
      expect([...waiting, ...answered.map((item) => item.id)]).toEqual(
        expect.arrayContaining(view.stopReason.event_ids),
      );
    }
  });
});

/** A small reproducible generator, so that a failure can be repeated. */
function createRandom(seed: number) {
  let state = seed;
  return (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % limit;
  };
}

test("any split of the stream gives the same view", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed);
    let view = emptyView;
    for (let from = 0; from < story.length; ) {
      const to = from + 1 + random(8);
      view = foldEvents(view, story.slice(from, to));
      from = to;
    }
    expect(view).toEqual(whole);
  }
});

test("re-delivery of anything stored changes nothing", () => {
  const stored = story.filter((each) => each.seq !== null);
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed);
    let view = emptyView;
    for (let index = 0; index < story.length; index++) {
      view = foldEvents(view, story.slice(index, index + 1));
      const again = random(view.lastSeq + 1);
      view = foldEvents(
        view,
        stored.slice(again, again + random(5)).filter((each) => (each.seq ?? 0) <= view.lastSeq),
      );
    }
    expect(view).toEqual(whole);
  }
});

test("a view is never changed by a later fold", () => {
  for (let length = 0; length < story.length; length++) {
    const view = foldEvents(emptyView, story.slice(0, length));
    const before = structuredClone(view);
    foldEvents(view, story.slice(length));
    expect(view).toEqual(before);
  }
});

test("parts that did not change keep their identity, so that they are not drawn again", () => {
  const next = foldEvents(whole, [{ seq: whole.lastSeq + 1, event: say("m4", "more", false) }]);
  expect(next.turns[0]).toBe(whole.turns[0]);
  expect(next.turns[1]).toBe(whole.turns[1]);
});

test("without previews the end is the same but for the message that never came", () => {
  const view = foldEvents(
    emptyView,
    story.filter((each) => each.seq !== null),
  );
  expect(items(view).map((item) => item.id)).toEqual(
    items(whole).flatMap((item) => (item.id === "a2" ? [] : [item.id])),
  );
});

test("a queued message waits at the end and moves to where it entered", () => {
  const queued = foldEvents(emptyView, sequence([running("s"), say("q", "later", false), answer("a", "first")]));
  expect(queued.queued.map((item) => item.id)).toEqual(["q"]);
  const entered = foldEvents(queued, [{ seq: 4, event: say("q", "later") }]);
  expect(entered.queued).toEqual([]);
  expect(items(entered).map((item) => item.id)).toEqual(["a", "q"]);
});

test("after a broken connection a preview stops growing, and its message replaces it", () => {
  const before = foldEvents(emptyView, sequence([running("s"), start("a"), delta("a", "Once")]));
  const cut = foldEvents(cutPreviews(before), [{ seq: null, event: delta("a", " there") }]);
  expect(find(cut, "a")).toMatchObject({ text: "Once", state: "cut" });
  const done = foldEvents(cut, [{ seq: 2, event: answer("a", "Once upon there") }]);
  expect(find(done, "a")).toMatchObject({ text: "Once upon there", state: "done" });
});

test("a preview that comes after its message changes nothing", () => {
  const done = foldEvents(emptyView, sequence([running("s"), answer("a", "Done")]));
  expect(
    foldEvents(done, [
      { seq: null, event: start("a") },
      { seq: null, event: delta("a", "x") },
    ]),
  ).toEqual(done);
});

test("an event of a type that this release does not know is passed over", () => {
  const unknown = { id: "n", type: "agent.dreamed", processed_at: at() } as unknown as StreamEvent;
  expect(foldEvents(emptyView, [{ seq: 1, event: unknown }])).toEqual({ ...emptyView, lastSeq: 1 });
});

test("a change of the agent begins no turn, and a turn that was given up can still be tried again", () => {
  const error: StreamEvent = {
    id: "e",
    type: "session.error",
    error: { type: "model_request_failed_error", message: "no", retry_status: { type: "exhausted" } },
    processed_at: at(),
  };
  const gaveUp: StreamEvent = {
    id: "i",
    type: "session.status_idle",
    stop_reason: { type: "retries_exhausted" },
    stop_details: null,
    processed_at: at(),
  };
  const agent = { model: { id: "other" } } as SessionAgent;
  const changed: StreamEvent = { id: "u", type: "session.updated", agent, processed_at: at() };
  const view = foldEvents(emptyView, sequence([running("s"), say("m", "hi"), error, gaveUp, changed]));
  expect(view.turns).toHaveLength(1);
  expect(items(view).at(-1)).toMatchObject({ kind: "note", text: expect.stringContaining("other") });
  expect(retryableFailure(view)).toBe("e");
  expect(retryableFailure(foldEvents(view, [{ seq: 6, event: running("s2") }]))).toBeNull();
});

test("a withdrawn message is neither queued nor said", () => {
  const withdrawn: StreamEvent = { ...say("q", "no"), withdrawn: true } as StreamEvent;
  const view = foldEvents(emptyView, sequence([running("s"), say("q", "no", false), withdrawn]));
  expect(view.queued).toEqual([]);
  expect(items(view)).toEqual([]);
});

test("a turn that another worker takes up says so, and runs on", () => {
  const rescheduled: StreamEvent = {
    id: "x",
    type: "session.status_rescheduled",
    reason: "worker_changed",
    processed_at: at(),
  };
  const view = foldEvents(emptyView, sequence([running("s"), call("c"), rescheduled, running("s2"), result("r", "c")]));
  expect(view.status).toBe("running");
  expect(view.turns).toHaveLength(1);
  expect(items(view).map((item) => (item.kind === "note" ? item.text : item.id))).toEqual([
    "c",
    "Worker changed, nothing lost.",
  ]);
});

test("ten thousand events fold into their items", () => {
  const long: StreamEvent[] = [running("s")];
  for (let index = 0; index < 5_000; index++) long.push(call(`c${index}`), result(`r${index}`, `c${index}`));
  expect(items(foldEvents(emptyView, sequence(long)))).toHaveLength(5_000);
});

test("calls of one answer carry the request that they came from", () => {
  const events = [
    running("s"),
    requestStart("r1"),
    call("a"),
    call("b"),
    requestEnd("r1e", "r1"),
    requestStart("r2"),
    call("c"),
    requestEnd("r2e", "r2"),
    call("d"),
  ];
  const items = foldEvents(emptyView, sequence(events)).turns.flatMap((turn) => turn.items);
  const requests = items.map((item) => (item.kind === "tool_call" ? item.requestId : item.kind));
  expect(requests).toEqual(["r1", "r1", "r2", null]);
});

const output = (id: string, toolUseId: string, byte_offset: number, text: string): StreamEvent => ({
  type: "event_delta",
  event_id: id,
  tool_use_id: toolUseId,
  delta: { type: "content_delta", index: 0, content: { type: "text", text }, byte_offset, byte_count: text.length },
});

test("a command's output grows in its call until the result is there, also after the connection was lost", () => {
  const callOf = (view: SessionView) => view.turns[0]?.items.find((item) => item.kind === "tool_call");
  const begun = sequence([
    running("run"),
    call("c"),
    { type: "event_start", event: { type: "agent.tool_result", id: "r", tool_use_id: "c" } },
    output("r", "c", 0, "one"),
  ]);
  const before = foldEvents(emptyView, begun);
  expect(callOf(before)?.output).toEqual({ eventId: "r", parts: [{ before: 0, text: "one" }], reached: 3 });
  const later = foldEvents(cutPreviews(before), [{ seq: null, event: output("r", "c", 10, "two") }]);
  expect(callOf(later)?.output?.parts).toEqual([
    { before: 0, text: "one" },
    { before: 7, text: "two" },
  ]);
  expect(callOf(before)?.output?.parts).toHaveLength(1);
  const measured = { ...result("r", "c", true), exit_code: 7, duration_ms: 4_200 } as StreamEvent;
  const ended = foldEvents(later, [
    { seq: 3, event: measured },
    { seq: null, event: output("r", "c", 13, "late") },
  ]);
  expect(callOf(ended)).toMatchObject({ state: "failed", output: null, exitCode: 7, durationMs: 4_200 });
});
