// The rules of a session's life, as a table: when this is so, that is next.
import { describe, expect, test } from "vitest";
import {
  afterModelFailure,
  type Facts,
  MAX_COMPACTIONS_IN_ROW,
  MAX_FAILURES_ALONE,
  MAX_MODEL_ATTEMPTS,
  MAX_TOOL_ROUNDS,
  nextStep,
  type Step,
} from "./next-step.ts";

const NOW = 1_000_000;
const idle: Facts = {
  status: "idle",
  stopReason: { type: "end_turn" },
  archived: false,
  failuresAlone: 0,
  queue: [],
  openRequestId: null,
  pending: [],
  owesAnswer: false,
  budgetReached: false,
  toolRounds: 0,
  contextFull: false,
  compactionsInRow: 0,
  retryAt: null,
  retryInMs: null,
  gaveUp: false,
  refused: false,
  now: NOW,
};
const running: Partial<Facts> = { status: "running", stopReason: null };

const message = (id: string) => ({ id, type: "message" as const });
const interrupt = (id: string) => ({ id, type: "interrupt" as const });
const answer = (id: string) => ({ id, type: "answer" as const });
type Pending = Facts["pending"][number];
const tool = (id: string, extra: Partial<Pending> = {}): Pending => ({
  id,
  kind: "tool",
  permission: "allow",
  confirmed: null,
  ...extra,
});
const asked = (id: string, confirmed: Pending["confirmed"] = null) => tool(id, { permission: "ask", confirmed });
const custom = (id: string) => tool(id, { kind: "custom" });
const waitsFor = (...ids: string[]): Partial<Facts> => ({
  stopReason: { type: "requires_action", event_ids: ids },
  owesAnswer: true,
});

const table: [when: string, changes: Partial<Facts>, step: Step][] = [
  ["nothing is there", {}, { do: "rest" }],
  ["the session was terminated", { status: "terminated", queue: [message("m")] }, { do: "rest" }],
  ["it is archived", { archived: true, queue: [message("m")] }, { do: "rest" }],
  ["it was archived while it ran", { ...running, archived: true, owesAnswer: true }, { do: "interrupt", eventIds: [] }],

  ["the turn was given up", { stopReason: { type: "retries_exhausted" }, owesAnswer: true }, { do: "rest" }],
  [
    "it is to be tried again",
    { status: "rescheduling", stopReason: null, owesAnswer: true, retryAt: 0 },
    { do: "call-model" },
  ],
  [
    "a message came after the turn was given up",
    { stopReason: { type: "retries_exhausted" }, owesAnswer: true, queue: [message("a")] },
    { do: "take-in", eventIds: ["a"], starts: true },
  ],

  // Messages.
  ["messages wait", { queue: [message("a"), message("b")] }, { do: "take-in", eventIds: ["a", "b"], starts: true }],
  ["a message is taken in", { ...running, owesAnswer: true }, { do: "call-model" }],
  [
    "messages came while the model is to be asked again: they go along",
    { ...running, owesAnswer: true, queue: [message("a")] },
    { do: "take-in", eventIds: ["a"], starts: true },
  ],
  [
    "messages came while tools run: results first",
    { ...running, owesAnswer: true, queue: [message("a")], pending: [tool("t")] },
    { do: "run-tools", run: ["t"], deny: [] },
  ],
  ["the model has answered", running, { do: "end-turn", stopReason: { type: "end_turn" } }],
  [
    "the model has answered and a message came meanwhile",
    { ...running, queue: [message("a")] },
    { do: "take-in", eventIds: ["a"], starts: true },
  ],

  ["the model would not answer", { ...running, refused: true }, { do: "end-turn", stopReason: { type: "refusal" } }],

  // Tools and permissions.
  [
    "calls need nobody",
    { ...running, owesAnswer: true, pending: [tool("a"), tool("b")] },
    { do: "run-tools", run: ["a", "b"], deny: [] },
  ],
  [
    "some calls are allowed and others must be asked: the allowed ones run first",
    { ...running, owesAnswer: true, pending: [asked("a"), tool("b"), custom("c")] },
    { do: "run-tools", run: ["b"], deny: [] },
  ],
  [
    "a policy denies a call",
    { ...running, owesAnswer: true, pending: [tool("a", { permission: "deny" }), asked("b")] },
    { do: "run-tools", run: [], deny: ["a"] },
  ],
  [
    "only calls that wait for people are left",
    { ...running, owesAnswer: true, pending: [asked("a"), custom("c")] },
    { do: "wait-for-action", eventIds: ["a", "c"] },
  ],
  ["it was said what is waited for", { ...waitsFor("a", "c"), pending: [asked("a"), custom("c")] }, { do: "rest" }],
  [
    "an answer came",
    { ...waitsFor("a"), pending: [asked("a")], queue: [answer("x")] },
    { do: "take-in", eventIds: ["x"], starts: false },
  ],
  [
    "a part is answered: the rest is said again",
    { ...waitsFor("a", "b"), pending: [asked("a", "yes"), asked("b")] },
    { do: "wait-for-action", eventIds: ["b"] },
  ],
  [
    "all are answered",
    { ...waitsFor("a", "b"), pending: [asked("a", "yes"), asked("b", "no")] },
    { do: "run-tools", run: ["a"], deny: ["b"] },
  ],
  ["the client gave the last result", waitsFor("c"), { do: "call-model" }],
  [
    "a message waits behind a question: it stays in the queue",
    { ...waitsFor("a"), pending: [asked("a")], queue: [message("m")] },
    { do: "rest" },
  ],
  [
    "answers and messages wait: answers are first",
    { ...waitsFor("a"), pending: [asked("a")], queue: [message("m"), answer("x")] },
    { do: "take-in", eventIds: ["x"], starts: false },
  ],

  // Interrupts.
  [
    "an interrupt came while the model is asked",
    { ...running, owesAnswer: true, queue: [message("m"), interrupt("i"), message("n")] },
    { do: "interrupt", eventIds: ["i"] },
  ],
  [
    "an interrupt came while tools run",
    { ...running, owesAnswer: true, pending: [tool("t")], queue: [interrupt("i")] },
    { do: "interrupt", eventIds: ["i"] },
  ],
  [
    "an interrupt came while people are waited for",
    { ...waitsFor("a"), pending: [asked("a")], queue: [message("m"), interrupt("i")] },
    { do: "interrupt", eventIds: ["i"] },
  ],
  [
    "an interrupt came before anyone began with a message: the message is overtaken, the next one is not",
    { queue: [message("a"), interrupt("i"), message("b")] },
    { do: "interrupt", eventIds: ["a", "i"] },
  ],
  [
    "an interrupt came before a retry",
    { status: "rescheduling", owesAnswer: true, retryAt: NOW + 5_000, queue: [interrupt("i")] },
    { do: "interrupt", eventIds: ["i"] },
  ],
  [
    "an interrupt came after an error",
    { ...running, gaveUp: true, queue: [interrupt("i")] },
    { do: "interrupt", eventIds: ["i"] },
  ],

  // Failures.
  [
    "a request was cut",
    { ...running, owesAnswer: true, openRequestId: "r", queue: [interrupt("i")] },
    { do: "close-request", requestId: "r" },
  ],
  [
    "a retry is due later",
    { status: "rescheduling", owesAnswer: true, retryAt: NOW + 5_000, queue: [message("m")] },
    { do: "rest-until", at: NOW + 5_000 },
  ],
  [
    "a retry is due in hours, by the clock of a worker that was wrong, or this one's",
    { status: "rescheduling", owesAnswer: true, retryAt: NOW + 4_500_000 },
    { do: "call-model" },
  ],
  [
    "a retry is due minutes from now, and was to wait for a second: this worker's clock is wrong",
    { status: "rescheduling", owesAnswer: true, retryAt: NOW + 250_000, retryInMs: 1_000 },
    { do: "rest-until", at: NOW + 1_000 },
  ],
  ["a retry is due", { status: "rescheduling", owesAnswer: true, retryAt: NOW }, { do: "call-model" }],
  [
    "an error ended the turn: what waits is taken in",
    { ...running, owesAnswer: true, gaveUp: true, queue: [message("a")] },
    { do: "give-up", eventIds: ["a"] },
  ],
  ["the prompt does not fit", { ...running, owesAnswer: true, contextFull: true }, { do: "compact" }],

  // Budget.
  [
    "the budget is reached",
    { ...running, owesAnswer: true, budgetReached: true },
    { do: "end-turn", stopReason: { type: "budget_reached" } },
  ],
  [
    "the budget is reached and it was said",
    { stopReason: { type: "budget_reached" }, owesAnswer: true, budgetReached: true },
    { do: "rest" },
  ],
  ["the budget was raised", { stopReason: { type: "budget_reached" }, owesAnswer: true }, { do: "call-model" }],
  [
    "the budget is reached but nothing is to be asked",
    { ...running, budgetReached: true },
    { do: "end-turn", stopReason: { type: "end_turn" } },
  ],
];
test.each(table)("when %s", (_when, changes, step) => expect(nextStep({ ...idle, ...changes })).toEqual(step));

describe("limits end a turn, not the session", () => {
  test("tool rounds", () => {
    const facts = { ...idle, ...running, owesAnswer: true, toolRounds: MAX_TOOL_ROUNDS };
    expect(nextStep(facts)).toMatchObject({ do: "fail-turn", error: "tool_use_limit_reached_error" });
    expect(nextStep({ ...facts, toolRounds: MAX_TOOL_ROUNDS - 1 })).toEqual({ do: "call-model" });
  });
  test("compactions in a row", () => {
    const facts = {
      ...idle,
      ...running,
      owesAnswer: true,
      contextFull: true,
      compactionsInRow: MAX_COMPACTIONS_IN_ROW,
    };
    expect(nextStep(facts)).toMatchObject({ do: "fail-turn", error: "compaction_limit_reached_error" });
    expect(nextStep({ ...facts, compactionsInRow: MAX_COMPACTIONS_IN_ROW - 1 })).toEqual({ do: "compact" });
  });
});

test("a session that keeps breaking its worker is isolated", () => {
  const facts = { ...idle, queue: [message("m")], failuresAlone: MAX_FAILURES_ALONE };
  expect(nextStep(facts)).toMatchObject({ do: "terminate" });
  expect(nextStep({ ...facts, failuresAlone: MAX_FAILURES_ALONE - 1 })).toMatchObject({ do: "take-in" });
});

test("whatever the facts are, there is a next step, and a session that rests has nothing that could be done", () => {
  for (const status of ["idle", "running", "rescheduling"] as const) {
    for (const owesAnswer of [true, false]) {
      for (const queue of [[], [message("m")], [interrupt("i")], [answer("x")]]) {
        for (const pending of [[], [tool("t")], [asked("a")], [asked("a", "no")], [custom("c")]]) {
          const step = nextStep({ ...idle, status, stopReason: null, owesAnswer, queue, pending });
          if (step.do !== "rest") continue;
          expect({ status, owesAnswer, queue, pending }).toEqual({
            status: "idle",
            owesAnswer: false,
            queue: [],
            pending: [],
          });
        }
      }
    }
  }
});

test.each([
  [
    "a retryable failure is tried again",
    { kind: "rate_limited", retryable: true, attempt: 1 },
    { do: "retry", error: "model_rate_limited_error" },
  ],
  [
    "and again",
    { kind: "upstream_unavailable", retryable: true, attempt: MAX_MODEL_ATTEMPTS - 1 },
    { do: "retry", error: "model_overloaded_error" },
  ],
  [
    "until there were enough",
    { kind: "upstream_unavailable", retryable: true, attempt: MAX_MODEL_ATTEMPTS },
    { do: "give-up", error: "model_overloaded_error" },
  ],
  [
    "a wrong key is not tried again",
    { kind: "gateway_auth", retryable: false, attempt: 1 },
    { do: "give-up", error: "model_request_failed_error" },
  ],
  [
    "no money is not tried again",
    { kind: "budget_exceeded", retryable: false, attempt: 1 },
    { do: "give-up", error: "billing_error" },
  ],
  [
    "a prompt that is too long is compacted",
    { kind: "context_length", retryable: false, attempt: 1 },
    { do: "compact" },
  ],
] as const)("%s", (_name, failure, step) => expect(afterModelFailure(failure)).toEqual(step));
