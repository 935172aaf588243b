// All rules of a session's life as one pure function: facts in, the next step out. The worker gathers facts, asks, acts.
import type { SessionErrorType, StopReason } from "../contract/events.ts";
import type { SessionStatus } from "../db/schema.ts";
import type { ModelErrorKind } from "../models/errors.ts";
import { MAX_WAIT_MS } from "../models/retry.ts";
import type { Conversation, PendingCall } from "./conversation.ts";

/** Answers with tool calls in one turn. */
export const MAX_TOOL_ROUNDS = 200;
/** Compactions in a row without an answer in between. */
export const MAX_COMPACTIONS_IN_ROW = 3;
/** Model requests that may fail in a row before the turn is given up. */
export const MAX_MODEL_ATTEMPTS = 6;
/** Failures in a row while it was held alone, or of its own work: so many end it. */
export const MAX_FAILURES_ALONE = 3;

export type Facts = {
  status: SessionStatus;
  stopReason: StopReason | null;
  archived: boolean;
  failuresAlone: number;
  /** Ids of accepted events that are not yet in the conversation, in order of arrival. */
  queue: { id: string; type: "message" | "interrupt" | "answer" }[];
  /** A model request that was begun and not ended. Nobody works on it when this is asked. */
  openRequestId: string | null;
  /** Calls of the model without a result, in its order. */
  pending: {
    id: string;
    kind: "tool" | "custom";
    permission: "allow" | "ask" | "deny";
    confirmed: "yes" | "no" | null;
  }[];
  owesAnswer: boolean;
  budgetReached: boolean;
  toolRounds: number;
  /** The prompt does not fit, or is about not to. */
  contextFull: boolean;
  compactionsInRow: number;
  /** While rescheduling. */
  retryAt: number | null;
  /** How long the wait was to be; null: an older release decided on it. */
  retryInMs: number | null;
  /** An error ended the turn and was told; the session is not idle yet. */
  gaveUp: boolean;
  /** The model would not answer. */
  refused: boolean;
  now: number;
};

export type Step =
  /** Nothing is left to do: give the session back. */
  | { do: "rest" }
  /** Give the session back until then. */
  | { do: "rest-until"; at: number }
  /** The worker that made this request is gone. */
  | { do: "close-request"; requestId: string }
  /** Stop, and give results to all calls that have none. `eventIds`: the interrupts, and messages that they overtook. */
  | { do: "interrupt"; eventIds: string[] }
  /** Waiting events enter the conversation. `starts`: they make the session run. */
  | { do: "take-in"; eventIds: string[]; starts: boolean }
  | { do: "run-tools"; run: string[]; deny: string[] }
  | { do: "wait-for-action"; eventIds: string[] }
  | { do: "compact" }
  | { do: "call-model" }
  | { do: "end-turn"; stopReason: StopReason }
  | { do: "fail-turn"; error: SessionErrorType; message: string }
  /** After an error: idle, with everything that waited taken into the conversation, so that the next message sees it. */
  | { do: "give-up"; eventIds: string[] }
  | { do: "terminate"; message: string };

export function nextStep(facts: Facts): Step {
  if (facts.status === "terminated") return { do: "rest" };
  if (facts.openRequestId !== null) return { do: "close-request", requestId: facts.openRequestId };
  if (facts.failuresAlone >= MAX_FAILURES_ALONE) return { do: "terminate", message: failedAlone(facts.failuresAlone) };
  const interrupts = facts.queue.filter((event) => event.type === "interrupt");
  if (interrupts.length > 0) return interrupt(facts);
  if (facts.archived) return facts.status === "idle" ? { do: "rest" } : { do: "interrupt", eventIds: [] };

  if (facts.gaveUp) return { do: "give-up", eventIds: facts.queue.map((event) => event.id) };

  const answers = facts.queue.filter((event) => event.type === "answer");
  if (answers.length > 0) return { do: "take-in", eventIds: answers.map((event) => event.id), starts: false };
  if (facts.retryAt !== null && isAhead(facts.retryAt, facts.now))
    return { do: "rest-until", at: Math.min(facts.retryAt, facts.now + (facts.retryInMs ?? MAX_WAIT_MS)) };
  if (facts.pending.length > 0) return settlePending(facts);

  const messages = facts.queue.filter((event) => event.type === "message");
  if (messages.length > 0) return { do: "take-in", eventIds: messages.map((event) => event.id), starts: true };
  if (!facts.owesAnswer) {
    if (facts.status === "idle") return { do: "rest" };
    return { do: "end-turn", stopReason: { type: facts.refused ? "refusal" : "end_turn" } };
  }
  return askModel(facts);
}

/** What a session that keeps breaking its workers is ended with. */
export function failedAlone(times: number): string {
  return `This session made its worker fail ${times} times in a row while nothing else ran beside it, and was ended. The worker's log has the reason. Its events and files are kept.`;
}

/** An interrupt wins over everything. Messages before it that nobody began to answer are overtaken by it; later ones begin a new turn. */
function interrupt(facts: Facts): Step {
  const last = facts.queue.findLastIndex((event) => event.type === "interrupt");
  const overtakes = facts.status === "idle" && facts.pending.length === 0;
  const taken = facts.queue.filter(
    (event, index) => event.type === "interrupt" || (overtakes && event.type === "message" && index < last),
  );
  return { do: "interrupt", eventIds: taken.map((event) => event.id) };
}

/** Runs what needs no answer; then waits until all the others are answered, and runs those together. */
function settlePending(facts: Facts): Step {
  const waiting = facts.pending.filter((call) => isWaiting(call));
  const ready = facts.pending.filter(
    (call) => call.kind === "tool" && (call.permission !== "ask" || waiting.length === 0),
  );
  if (ready.length > 0) {
    const denied = (call: (typeof ready)[number]) => call.permission === "deny" || call.confirmed === "no";
    return {
      do: "run-tools",
      run: ready.filter((call) => !denied(call)).map((call) => call.id),
      deny: ready.filter(denied).map((call) => call.id),
    };
  }
  const eventIds = waiting.map((call) => call.id);
  const said =
    facts.status === "idle" && facts.stopReason?.type === "requires_action" ? facts.stopReason.event_ids : [];
  if (said.length === eventIds.length && eventIds.every((id) => said.includes(id))) return { do: "rest" };
  return { do: "wait-for-action", eventIds };
}

function isWaiting(call: Facts["pending"][number]): boolean {
  return call.kind === "custom" || (call.permission === "ask" && call.confirmed === null);
}

function askModel(facts: Facts): Step {
  if (facts.status === "idle" && facts.stopReason?.type === "retries_exhausted") return { do: "rest" };
  if (facts.budgetReached) {
    const said = facts.status === "idle" && facts.stopReason?.type === "budget_reached";
    return said ? { do: "rest" } : { do: "end-turn", stopReason: { type: "budget_reached" } };
  }
  if (facts.toolRounds >= MAX_TOOL_ROUNDS) {
    return {
      do: "fail-turn",
      error: "tool_use_limit_reached_error",
      message: `The agent used tools in ${facts.toolRounds} rounds without ending its turn; the limit is ${MAX_TOOL_ROUNDS}. Send a message to let it go on.`,
    };
  }
  if (!facts.contextFull) return { do: "call-model" };
  if (facts.compactionsInRow < MAX_COMPACTIONS_IN_ROW) return { do: "compact" };
  return {
    do: "fail-turn",
    error: "compaction_limit_reached_error",
    message: `The conversation was compacted ${facts.compactionsInRow} times in a row and still does not fit into the model's context window. Choose a model with a larger one, or begin a new session.`,
  };
}

/** What the fold knows, as facts. The rest the caller knows. */
export function factsOf(
  conversation: Conversation,
  rest: Pick<Facts, "archived" | "failuresAlone" | "budgetReached" | "now"> & { promptTooLong: boolean },
): Facts {
  const { promptTooLong, ...known } = rest;
  return {
    ...known,
    status: conversation.status,
    stopReason: conversation.stopReason,
    queue: [...conversation.queued.values()].map((event) => ({ id: event.id, type: queueTypes[event.type] })),
    openRequestId: conversation.openRequest?.id ?? null,
    pending: [...conversation.pending.values()].map(toPendingFact),
    owesAnswer: conversation.owesAnswer,
    toolRounds: conversation.toolRounds,
    contextFull: conversation.contextOverflow || (promptTooLong && conversation.compactionsInRow === 0),
    compactionsInRow: conversation.compactionsInRow,
    retryAt: conversation.retryAt,
    retryInMs: conversation.retryInMs,
    gaveUp: conversation.gaveUp,
    refused: conversation.refused,
  };
}

/** By a clock that is right it is never further away than any wait. */
function isAhead(retryAt: number, now: number): boolean {
  return now < retryAt && retryAt - now <= MAX_WAIT_MS;
}

const queueTypes = {
  "user.message": "message",
  "user.interrupt": "interrupt",
  "user.tool_confirmation": "answer",
  "user.custom_tool_result": "answer",
} as const;

function toPendingFact({ id, kind, permission, confirmation }: PendingCall): Facts["pending"][number] {
  return { id, kind, permission, confirmed: confirmation === null ? null : confirmation.allow ? "yes" : "no" };
}

/** What follows a failed model request. */
export type FailureStep =
  | { do: "compact" }
  | { do: "retry"; error: SessionErrorType }
  | { do: "give-up"; error: SessionErrorType };

const errorTypes: Record<ModelErrorKind, SessionErrorType> = {
  context_length: "model_request_failed_error",
  gateway_auth: "model_request_failed_error",
  budget_exceeded: "billing_error",
  unknown_model: "model_request_failed_error",
  bad_request: "model_request_failed_error",
  rate_limited: "model_rate_limited_error",
  upstream_unavailable: "model_overloaded_error",
  stream_interrupted: "model_request_failed_error",
  gateway_unreachable: "model_request_failed_error",
  timeout: "model_request_failed_error",
};

/** `attempt` requests in a row have failed, this one included. */
export function afterModelFailure(failure: { kind: ModelErrorKind; retryable: boolean; attempt: number }): FailureStep {
  if (failure.kind === "context_length") return { do: "compact" };
  const error = errorTypes[failure.kind];
  if (failure.retryable && failure.attempt < MAX_MODEL_ATTEMPTS) return { do: "retry", error };
  return { do: "give-up", error };
}
