// The steps that ask the model: one request for the turn's next answer, or one that sums up the older part.
import type { AgentToolUseEvent } from "../contract/events.ts";
import type { NewEvent } from "../db/events.ts";
import type { CalledTool } from "../harnesses/harness.ts";
import { messageOf } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { ModelError } from "../models/errors.ts";
import type { AnsweredToolCall, ModelAnswer, ModelUsage } from "../models/model.ts";
import { retryDelayMs } from "../models/retry.ts";
import { planCompaction } from "./compaction.ts";
import { toModelMessages } from "./model-messages.ts";
import { afterModelFailure } from "./next-step.ts";
import { createPreviews } from "./previews.ts";
import { offeredMcp } from "./session-mcp.ts";
import { tellToolsLeftOut } from "./tell-tools-left-out.ts";
import { becomeRunning, gotOn, newEvent, type Turn } from "./turn.ts";
import { chargeUnanswered, isCharged, NOT_CHARGED } from "./unanswered-request.ts";
import { untouchedSince } from "./untouched-since.ts";

const NO_USAGE: ModelUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
  reasoningTokens: 0,
};

type Outcome =
  | { how: "answered"; answer: ModelAnswer }
  | { how: "failed"; error: unknown }
  /** By the user; `sent`: not before the request was under way. */
  | { how: "interrupted"; sent: boolean };

/** Makes one model request and writes down how it ended. `onHeard`: the model said something. */
export async function callModel(turn: Turn, onHeard: () => void): Promise<void> {
  const { deps, claim, log } = turn;
  const requestId = newId("event", deps.clock.now());
  const messageId = newId("event", deps.clock.now());
  const thinkingId = newId("event", deps.clock.now());
  const running = becomeRunning(turn);
  // What has to be said of MCP servers is said before the request that goes without them.
  const away = await readMcpTools(turn);
  if (away === "interrupted") return;
  const start = newEvent(turn, "span.model_request_start", {}, { id: requestId });
  await log.write({ events: [...running.events, ...away, start], changes: running.changes });

  let partial = "";
  let reasoning = "";
  const send = deps.notifier.preview.bind(deps.notifier);
  const previews = createPreviews({ sessionId: claim.sessionId, messageId, thinkingId, send });
  const outcome = await ask(turn, (signal) =>
    deps.harness.answer({
      agent: turn.facts.agent,
      mcp: offeredMcp(turn),
      messages: toModelMessages(log.conversation),
      signal,
      onPart: (part) => {
        onHeard();
        if (signal.aborted) return;
        switch (part.type) {
          case "reasoning":
            reasoning += part.text;
            return previews.thinking();
          case "text":
            partial += part.text;
            return previews.text(part.text);
          case "tool_call":
            // While the model writes the input; where places are few, not before the call is there.
            if (deps.teamSandboxes === null && deps.harness.runsAtOnce(turn.facts.agent, part.name))
              turn.sandbox.prepare({ turnFrom: untouchedSince(turn.log.conversation) });
        }
      },
    }),
  );
  previews.close();

  switch (outcome.how) {
    case "answered":
      return writeAnswer(turn, { requestId, messageId, thinkingId, answer: outcome.answer });
    case "failed":
      return writeFailure(turn, { requestId, error: outcome.error, received: reasoning + partial });
    case "interrupted": {
      // What was said stays said; calls that were not complete are void.
      const said = partial.trim() === "" ? [] : [messageEvent(turn, { requestId, messageId, text: partial })];
      return writeInterrupted(turn, { requestId, said, received: reasoning + partial, sent: outcome.sent });
    }
  }
}

/** Asks MCP servers for their tools where that is due. The errors of those that are away, and of those that describe too much, told once. */
async function readMcpTools(turn: Turn): Promise<NewEvent[] | "interrupted"> {
  if (turn.facts.agent.mcp_servers.length === 0) return [];
  const done = await turn.interruptible(async (signal) => {
    try {
      await turn.mcp.refresh(signal);
      return true;
    } catch (error) {
      turn.stopped.throwIfAborted();
      if (signal.aborted) return false;
      throw error;
    }
  });
  if (!done) return "interrupted";
  const away = turn.mcp.takeNewProblems().map(({ type, message, server }) =>
    newEvent(turn, "session.error", {
      error: { type, message, mcp_server_name: server, retry_status: { type: "retrying" } },
    }),
  );
  return [...away, ...tellToolsLeftOut(turn)];
}

async function ask(turn: Turn, request: (signal: AbortSignal) => Promise<ModelAnswer>): Promise<Outcome> {
  return turn.interruptible(async (signal) => {
    const sent = !signal.aborted;
    try {
      return { how: "answered", answer: await request(signal) };
    } catch (error) {
      // The successor closes the request of a worker that stops.
      turn.stopped.throwIfAborted();
      return signal.aborted ? { how: "interrupted", sent } : { how: "failed", error };
    }
  });
}

async function writeAnswer(
  turn: Turn,
  input: { requestId: string; messageId: string; thinkingId: string; answer: ModelAnswer },
): Promise<void> {
  const { requestId, messageId, thinkingId, answer } = input;
  const events: NewEvent[] = [];
  if (answer.reasoning !== "") {
    const details = { request_id: requestId, text: answer.reasoning };
    events.push(newEvent(turn, "agent.thinking", {}, { id: thinkingId, private: details }));
  }
  if (answer.text !== "") events.push(messageEvent(turn, { requestId, messageId, text: answer.text }));
  for (const call of answer.toolCalls) events.push(callEvent(turn, requestId, call));
  const details = { ...billing(answer), finish: answer.finish, reasoning_state: answer.reasoningState };
  events.push(requestEnd(turn, { requestId, isError: false, usage: answer.usage, details }));
  const { usage, cost } = answer;
  const retries = turn.facts.retryAttempt > 0 ? { retryAttempt: 0 } : {};
  await turn.log.write({ events, changes: { usage, addCostUsd: cost.usd, ...retries, ...gotOn(turn) } });
  turn.facts.retryAttempt = 0;
  if (turn.facts.budget) await turn.refreshFacts();
}

function messageEvent(turn: Turn, input: { requestId: string; messageId: string; text: string }): NewEvent {
  const content = [{ type: "text", text: input.text }];
  return newEvent(
    turn,
    "agent.message",
    { content },
    { id: input.messageId, private: { request_id: input.requestId } },
  );
}

function callEvent(turn: Turn, requestId: string, call: AnsweredToolCall): NewEvent {
  const tool = turn.mcp.tools.find(({ modelName }) => modelName === call.name);
  const called: CalledTool = {
    name: tool?.name ?? call.name,
    input: isObject(call.input) ? call.input : {},
    ...(call.invalidInput === undefined ? {} : { invalidInput: call.invalidInput }),
    ...(tool ? { mcp: { server: tool.server } } : {}),
  };
  const plan = turn.deps.harness.planToolCall(turn.facts.agent, called);
  const details = {
    request_id: requestId,
    call_id: call.id,
    ...(call.invalidInput === undefined ? {} : { invalid_input: call.invalidInput }),
  };
  const { name, input } = called;
  if (plan.kind === "custom") return newEvent(turn, "agent.custom_tool_use", { name, input }, { private: details });
  // A call that can't be done needs nobody's permission: the model is told at once.
  const permission = plan.kind === "refused" ? "allow" : plan.permission;
  if (tool) {
    const payload = { mcp_server_name: tool.server, name, input, evaluated_permission: permission };
    const more = { ...details, called_as: call.name };
    return newEvent(turn, "agent.mcp_tool_use", payload, { private: more });
  }
  const payload: Omit<AgentToolUseEvent, "id" | "type" | "processed_at"> = {
    name,
    input,
    evaluated_permission: permission,
  };
  return newEvent(turn, "agent.tool_use", payload, { private: details });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function writeInterrupted(
  turn: Turn,
  input: { requestId: string; said?: NewEvent[]; received: string; sent: boolean },
): Promise<void> {
  const { requestId, said = [], received, sent } = input;
  const { usage, changes, details } = sent ? await chargeUnanswered(turn, received) : NOT_CHARGED;
  const end = requestEnd(turn, { requestId, isError: true, usage, details: { ...details, interrupted: true } });
  await turn.log.write({ events: [...said, end], changes });
  if (turn.facts.budget) await turn.refreshFacts();
}

async function writeFailure(turn: Turn, input: { requestId: string; error: unknown; received: string }): Promise<void> {
  const { requestId, error, received } = input;
  const kind = error instanceof ModelError ? error.kind : null;
  const attempt = turn.facts.retryAttempt + 1;
  const next =
    error instanceof ModelError
      ? afterModelFailure({ kind: error.kind, retryable: error.retryable, attempt })
      : ({ do: "give-up", error: "unknown_error" } as const);
  turn.logger.warn({ err: error, kind, attempt, next: next.do }, "a model request failed");
  const callId = error instanceof ModelError ? error.callId : null;
  const charge = isCharged({ received, error }) ? await chargeUnanswered(turn, received) : NOT_CHARGED;
  const details = { ...charge.details, error_kind: kind, call_id: callId };
  const end = requestEnd(turn, { requestId, isError: true, usage: charge.usage, details });
  if (next.do === "compact") return turn.log.write({ events: [end], changes: charge.changes });

  const message = messageOf(error);
  const failure = (retryStatus: "retrying" | "exhausted") =>
    newEvent(turn, "session.error", { error: { type: next.error, message, retry_status: { type: retryStatus } } });
  if (next.do === "give-up") {
    await turn.log.write({ events: [end, failure("exhausted")], changes: { ...charge.changes, retryAttempt: 0 } });
    turn.facts.retryAttempt = 0;
    return;
  }
  const retryAfterMs = error instanceof ModelError ? error.retryAfterMs : null;
  const retryInMs = retryDelayMs(attempt, { retryAfterMs, random: turn.deps.random });
  // `retry_at` is by this worker's clock, which may be wrong: whoever reads the event counts from when the database took it.
  const due = { retry_at: turn.deps.clock.now() + retryInMs, retry_in_ms: retryInMs };
  const rescheduled = newEvent(turn, "session.status_rescheduled", {}, { private: due });
  await turn.log.write({
    events: [end, failure("retrying"), rescheduled],
    changes: { ...charge.changes, status: "rescheduling", retryAttempt: attempt },
  });
  turn.facts.retryAttempt = attempt;
  if (turn.facts.budget) await turn.refreshFacts();
}

/** Replaces the older part of the conversation: by a summary of the model, or by its shortened text when none can be had. */
export async function compact(turn: Turn, onHeard: () => void): Promise<void> {
  const { deps, log } = turn;
  const { agent } = turn.facts;
  const plan = planCompaction(log.conversation, await deps.harness.inputLimit(agent));
  const compacted = (summary: string) =>
    newEvent(
      turn,
      "agent.thread_context_compacted",
      {},
      { private: { summary, through_seq: plan.throughSeq, output_limit: plan.outputLimit } },
    );
  const running = becomeRunning(turn);
  if (plan.transcript === "" || log.conversation.compactionsInRow > 0) {
    const earlier = log.conversation.compaction;
    const summary = plan.transcript === "" ? (earlier?.summary ?? "") : plan.digest;
    return log.write({ events: [...running.events, compacted(summary)], changes: running.changes });
  }

  const requestId = newId("event", deps.clock.now());
  const start = newEvent(turn, "span.model_request_start", {}, { id: requestId, private: { purpose: "summary" } });
  await log.write({ events: [...running.events, start], changes: running.changes });
  const outcome = await ask(turn, (signal) =>
    deps.harness.summarise({ agent, transcript: plan.transcript, signal, onPart: onHeard }),
  );
  if (outcome.how === "interrupted") {
    return writeInterrupted(turn, { requestId, received: "", sent: outcome.sent });
  }
  if (outcome.how === "failed") {
    turn.logger.warn({ err: outcome.error }, "a conversation could not be summed up, it is shortened instead");
    const charged = isCharged({ received: "", error: outcome.error });
    const { usage, changes, details } = charged ? await chargeUnanswered(turn, "") : NOT_CHARGED;
    const end = requestEnd(turn, { requestId, isError: true, usage, details });
    await log.write({ events: [end, compacted(plan.digest)], changes });
    if (turn.facts.budget) await turn.refreshFacts();
    return;
  }
  const { answer } = outcome;
  const end = requestEnd(turn, { requestId, isError: false, usage: answer.usage, details: billing(answer) });
  await log.write({
    events: [end, compacted(answer.text.trim() || plan.digest)],
    changes: { usage: answer.usage, addCostUsd: answer.cost.usd },
  });
  if (turn.facts.budget) await turn.refreshFacts();
}

function billing({ cost, usageSource, callId }: ModelAnswer): Record<string, unknown> {
  return { cost_usd: cost.usd, cost_source: cost.source, usage_source: usageSource, call_id: callId ?? null };
}

/** Ends a span. `details` are not for the wire. */
export function requestEnd(
  turn: Turn,
  input: { requestId: string; isError: boolean; usage?: ModelUsage | undefined; details: Record<string, unknown> },
): NewEvent {
  const { requestId, isError, usage = NO_USAGE, details } = input;
  const payload = {
    model_request_start_id: requestId,
    is_error: isError,
    model_usage: {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      cache_read_input_tokens: usage.cacheReadTokens,
      cache_creation_input_tokens: usage.cacheCreationTokens,
    },
  };
  return newEvent(turn, "span.model_request_end", payload, {
    private: { ...details, model: turn.facts.agent.model.id },
  });
}
