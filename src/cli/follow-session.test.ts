// A session is followed to its rest; a person is asked once about each call; Ctrl-C interrupts, and then leaves.
import { expect, test } from "vitest";
import { until } from "../../test/support/until.ts";
import type { StreamOptions } from "../client/stream-events.ts";
import type { EventInput, SessionEvent, StopReason } from "../contract/events.ts";
import { type FollowOptions, followSession } from "./follow-session.ts";
import type { Printer } from "./printer.ts";
import { createPaint, type Terminal } from "./terminal.ts";

const at = "2026-01-01T00:00:00Z";
const silent: Printer = { take: () => undefined, cut: () => undefined };
const running: SessionEvent = { id: "run", type: "session.status_running", processed_at: at };
const call = (id: string): SessionEvent => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command: `echo ${id}` },
  evaluated_permission: "ask",
  processed_at: at,
});
const idle = (id: string, stop_reason: StopReason): SessionEvent => ({
  id,
  type: "session.status_idle",
  stop_reason,
  stop_details: null,
  processed_at: at,
});
const waits = (...ids: string[]) => idle("waits", { type: "requires_action", event_ids: ids });
const end = (id = "end") => idle(id, { type: "end_turn" });

function world(answers: (string | null)[] = []) {
  let stream: StreamOptions | null = null;
  let seq = 0;
  let nowMs = 0;
  const sent: EventInput[] = [];
  const questions: { question: string; signal: AbortSignal }[] = [];
  const shown: string[] = [];
  let interrupt: () => void = () => undefined;
  const terminal: Terminal = {
    out: () => undefined,
    note: (text) => void shown.push(text),
    live: true,
    interactive: true,
    columns: 80,
    rows: 24,
    write: () => undefined,
    readBytes: () => Promise.resolve(new Uint8Array()),
    onInput: () => () => undefined,
    raw: () => () => undefined,
    onResize: () => () => undefined,
    paint: createPaint(false),
    ask(question, signal) {
      questions.push({ question, signal });
      const answer = answers.shift();
      if (answer !== undefined) return Promise.resolve(answer);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(null), { once: true }));
    },
    readInput: () => Promise.resolve(""),
    onInterrupt(handler) {
      interrupt = handler;
      return () => undefined;
    },
  };
  const client: FollowOptions["client"] = {
    events: {
      send(_sessionId, events) {
        sent.push(...events);
        return Promise.resolve({ data: [] });
      },
      stream(options) {
        stream = options;
        return new Promise((resolve) => options.signal.addEventListener("abort", () => resolve(), { once: true }));
      },
    },
  };
  return {
    sent,
    questions,
    shown,
    follow: (changes: Partial<FollowOptions> = {}) =>
      followSession({
        client,
        terminal,
        sessionId: "sesn_1",
        printer: silent,
        previews: false,
        showFrom: null,
        liveFrom: null,
        endsAtRest: true,
        asks: true,
        interrupts: true,
        clock: { now: () => nowMs },
        ...changes,
      }),
    arrive: (...events: SessionEvent[]) => stream?.onEvents(events.map((event) => ({ seq: ++seq, event }))),
    interrupt(afterMs: number) {
      nowMs += afterMs;
      interrupt();
    },
  };
}

test("history does not end it: a rest counts from the newest event on", async () => {
  const { follow, arrive } = world();
  const followed = follow({ liveFrom: "newest" });
  arrive(running, end("old"));
  arrive({ ...running, id: "newest" });
  arrive(idle("late", { type: "budget_reached" }));
  expect(await followed).toMatchObject({ kind: "failed" });
});

test("each call is asked about once, and its answer is sent", async () => {
  const { follow, arrive, sent, questions, shown } = world(["y", "n too dangerous"]);
  const followed = follow();
  arrive(running, call("a"), call("b"), waits("a", "b"));
  await until(() => sent.length === 1);
  // The log says so: then comes the next.
  arrive({ ...(sent[0] as object), id: "c1", processed_at: null } as SessionEvent);
  await until(() => sent.length === 2);
  arrive({ ...(sent[1] as object), id: "c2", processed_at: null } as SessionEvent, running, end());
  expect(await followed).toEqual({ kind: "ended" });
  expect(sent).toEqual([
    { type: "user.tool_confirmation", tool_use_id: "a", result: "allow" },
    { type: "user.tool_confirmation", tool_use_id: "b", result: "deny", deny_message: "too dangerous" },
  ]);
  expect(questions).toHaveLength(2);
  expect(shown.join("")).toContain("    echo a\n");
});

test("a tool can be allowed from now on", async () => {
  const { follow, arrive, sent } = world(["a"]);
  const followed = follow();
  arrive(running, call("a"), waits("a"));
  await until(() => sent.length === 1);
  arrive({ ...(sent[0] as object), id: "c1", processed_at: null } as SessionEvent, running, end());
  expect(await followed).toEqual({ kind: "ended" });
  expect(sent).toEqual([{ type: "user.tool_confirmation", tool_use_id: "a", result: "allow", remember: true }]);
});

test("a question is withdrawn when somebody else has answered", async () => {
  const { follow, arrive, sent, questions } = world();
  const followed = follow();
  arrive(running, call("a"), waits("a"));
  await until(() => questions.length === 1);
  arrive({ id: "c", type: "user.tool_confirmation", tool_use_id: "a", result: "deny", processed_at: null });
  expect(questions[0]?.signal.aborted).toBe(true);
  arrive(running, end());
  expect(await followed).toEqual({ kind: "ended" });
  expect(sent).toEqual([]);
});

test("without a person, or when the input ends, it ends waiting", async () => {
  const script = world();
  const scripted = script.follow({ asks: false });
  script.arrive(running, call("a"), waits("a"));
  expect(await scripted).toMatchObject({ kind: "waiting", calls: [{ id: "a" }] });

  const left = world([null]);
  const leaving = left.follow();
  left.arrive(running, call("a"), waits("a"));
  expect(await leaving).toMatchObject({ kind: "waiting" });
});

test("the first Ctrl-C interrupts, its echoes are not a second one, the second one leaves", async () => {
  const { follow, arrive, interrupt, sent } = world();
  const followed = follow();
  arrive(running);
  interrupt(10_000);
  interrupt(5);
  interrupt(5);
  expect(sent).toEqual([{ type: "user.interrupt" }]);
  interrupt(1_000);
  expect(await followed).toEqual({ kind: "detached", resting: false });
  expect(sent).toHaveLength(1);
});

test("a reader's Ctrl-C says nothing to the agent", async () => {
  const { follow, arrive, interrupt, sent } = world();
  const followed = follow({ interrupts: false, endsAtRest: false, asks: false });
  arrive(running);
  interrupt(10_000);
  expect(await followed).toEqual({ kind: "detached", resting: false });
  expect(sent).toEqual([]);
});
