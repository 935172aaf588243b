// The steps that stop or start: taking events in, waiting for people, ending a turn, giving the session back.
import type { SessionErrorType, StopReason, UsageSnapshot } from "../contract/events.ts";
import { toMonetaryAmount } from "../contract/money.ts";
import type { NewEvent } from "../db/events.ts";
import { releaseSession } from "../db/leases.ts";
import { persistently } from "../db/persistently.ts";
import type { TurnFacts } from "../db/turn-facts.ts";
import { requestEnd } from "./ask-model.ts";
import { INTERRUPTED } from "./conversation.ts";
import { resultEvent } from "./run-tools.ts";
import { terminationEvents } from "./terminate-unread.ts";
import { errorResult } from "./tool-results.ts";
import { becomeRunning, echoOf, newEvent, type Turn } from "./turn.ts";
import { chargeUnanswered } from "./unanswered-request.ts";

/** `released`: the lease is given back · `held`: go on · `stale`: the log has grown meanwhile, decide anew. */
export type Settled = "released" | "held" | "stale";

/** Waiting user events enter the conversation, unless the log has grown: a message may have been withdrawn. */
export async function takeIn(turn: Turn, step: { eventIds: readonly string[]; starts: boolean }): Promise<Settled> {
  const running = step.starts ? becomeRunning(turn) : { events: [], changes: {} };
  const echoes = step.eventIds.map((id) => echoOf(turn, id));
  const write = { events: [...running.events, ...echoes], changes: running.changes, processed: step.eventIds };
  return (await turn.log.writeIfLast(turn.decidedAt, write)) ? "held" : "stale";
}

/** Another worker had this turn, and left it: it died, failed or handed over. Those who watch are told that it goes on. */
export async function takeUp(turn: Turn): Promise<void> {
  const rescheduled = newEvent(turn, "session.status_rescheduled", { reason: "worker_changed" });
  await turn.log.write({ events: [rescheduled, newEvent(turn, "session.status_running")] });
}

/** The worker that made this request is gone, and with it the answer; its prompt is charged all the same. */
export async function closeRequest(turn: Turn, requestId: string): Promise<void> {
  const { usage, changes, details } = await chargeUnanswered(turn, "");
  const end = requestEnd(turn, { requestId, isError: true, usage, details: { ...details, cut: true } });
  await turn.log.write({ events: [end], changes });
  if (turn.facts.budget) await turn.refreshFacts();
}

export async function interrupt(turn: Turn, eventIds: readonly string[]): Promise<Settled> {
  const { conversation } = turn.log;
  const echoes = eventIds.map((id) => echoOf(turn, id));
  const results = [...conversation.pending.values()]
    .filter((call) => call.kind === "tool")
    .map((call) => resultEvent(turn, call, errorResult(INTERRUPTED)));
  const overtaken = echoes.some((event) => event.type === "user.message");
  const nothingRan = conversation.status === "idle" && conversation.pending.size === 0 && !overtaken;
  if (nothingRan) {
    await turn.log.write({ events: echoes, processed: eventIds });
    return "held";
  }
  const running = overtaken ? becomeRunning(turn).events : [];
  const events = [...running, ...echoes, ...results];
  return becomeIdle(turn, { events, processed: eventIds, stopReason: { type: "end_turn" }, resetRetries: true });
}

/** The session is idle until all these calls are answered. */
export async function waitForAction(turn: Turn, eventIds: string[]): Promise<Settled> {
  return becomeIdle(turn, { events: [], stopReason: { type: "requires_action", event_ids: eventIds } });
}

export async function endTurn(turn: Turn, stopReason: StopReason): Promise<Settled> {
  return becomeIdle(turn, { events: [], stopReason });
}

/** An error has been told; what waited is taken in, so that the next message finds it in the conversation. */
export async function giveUp(turn: Turn, eventIds: readonly string[]): Promise<Settled> {
  const events = eventIds.map((id) => echoOf(turn, id));
  return becomeIdle(turn, {
    events,
    processed: eventIds,
    stopReason: { type: "retries_exhausted" },
    resetRetries: true,
  });
}

export async function failTurn(turn: Turn, failure: { error: SessionErrorType; message: string }): Promise<void> {
  const { error: type, message } = failure;
  const error = { type, message, retry_status: { type: "exhausted" } };
  await turn.log.write({ events: [newEvent(turn, "session.error", { error })] });
}

/** A session that keeps breaking its workers ends for good. */
export async function terminate(turn: Turn, message: string): Promise<void> {
  const events = terminationEvents(message, turn.deps.clock.now());
  await turn.log.write({ events, changes: { status: "terminated", wakeAt: null, releaseLease: true } });
}

/** Gives the session back; `at` null: until someone sends something. */
export async function rest(turn: Turn, at: number | null): Promise<Settled> {
  const { deps, claim } = turn;
  const released = await persistently(
    () =>
      releaseSession(deps.db, {
        sessionId: claim.sessionId,
        fence: claim.fence,
        ifLastSeq: turn.decidedAt,
        wakeInMs: at === null ? null : at - deps.clock.now(),
      }),
    { clock: deps.clock, signal: turn.stopped, logger: turn.logger },
  );
  return released ? "released" : "stale";
}

/** Those who watch are told once; then it is given back until then. */
export async function waitElsewhere(turn: Turn, reason: "model_busy" | "sandbox_limit", at: number): Promise<Settled> {
  if (turn.log.conversation.status === "rescheduling") return rest(turn, at);
  const events = [newEvent(turn, "session.status_rescheduled", { reason })];
  await turn.log.write({ events, changes: { status: "rescheduling" } });
  return "held";
}

/**
 * Idle, and given back in the same statement when nothing waits; only if the log has not grown since the decision, so
 * that an event that came just before is still a part of this turn.
 */
async function becomeIdle(
  turn: Turn,
  input: { events: NewEvent[]; processed?: readonly string[]; stopReason: StopReason; resetRetries?: boolean },
): Promise<Settled> {
  const { events, processed = [], stopReason, resetRetries = false } = input;
  // Before the first wait: afterwards the queue may hold what the decision did not know.
  const waiting = turn.log.conversation.queued.size - processed.length;
  await turn.refreshFacts();
  const usage = newEvent(turn, "session.usage", { usage: usageSnapshot(turn.facts), budget: turn.facts.budget });
  const idle = newEvent(turn, "session.status_idle", { stop_reason: stopReason, stop_details: detailsOf(stopReason) });
  const done = await turn.log.writeIfLast(turn.decidedAt, {
    events: [...events, usage, idle],
    processed,
    changes: {
      status: "idle",
      stopReason,
      ...(resetRetries ? { retryAttempt: 0 } : {}),
      ...(waiting === 0 ? { wakeAt: null, releaseLease: true } : {}),
    },
  });
  if (!done) return "stale";
  if (resetRetries) turn.facts.retryAttempt = 0;
  return waiting === 0 ? "released" : "held";
}

function detailsOf(stopReason: StopReason) {
  return stopReason.type === "refusal" ? { type: "refusal", category: null, explanation: null } : null;
}

/** Totals of the session as the API shows them. */
export function usageSnapshot(facts: TurnFacts): UsageSnapshot {
  return {
    input_tokens: facts.inputTokens,
    output_tokens: facts.outputTokens,
    cache_read_input_tokens: facts.cacheReadTokens,
    // Gateways do not say how long an entry lives; five minutes is the default.
    cache_creation: { ephemeral_5m_input_tokens: facts.cacheCreationTokens, ephemeral_1h_input_tokens: 0 },
    active_seconds: facts.activeMs / 1_000,
    ...(facts.costComplete ? { list_cost: toMonetaryAmount(facts.costUsd) } : {}),
  };
}
