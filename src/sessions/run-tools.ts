// The step that runs tool calls: all of a batch at once, each result written as it comes.

import type { NewEvent } from "../db/events.ts";
import { hasCode } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { OperationResult } from "../sandboxes/sandbox.ts";
import type { PendingCall } from "./conversation.ts";
import { createOutputPreviews } from "./output-previews.ts";
import { runMcpCall } from "./run-mcp-call.ts";
import { runWebTool } from "./run-web-tool.ts";
import type { SessionSandbox } from "./session-sandbox.ts";
import { deniedResult, errorResult, failureText, type ToolResult, toToolResult, withNotice } from "./tool-results.ts";
import { becomeRunning, gotOn, newEvent, type Turn } from "./turn.ts";
import { untouchedSince } from "./untouched-since.ts";

/** How long an interrupt waits for the sandbox to confirm that it stopped a call. */
const CANCEL_WAIT_MS = 1_500;

export async function runTools(turn: Turn, step: { run: readonly string[]; deny: readonly string[] }): Promise<void> {
  const { log } = turn;
  const calls = step.run.map((id) => pendingCall(turn, id));
  const running = becomeRunning(turn);
  const denied = step.deny.map((id) => {
    const call = pendingCall(turn, id);
    return resultEvent(turn, call, deniedResult(call.confirmation?.message ?? null));
  });
  const events = [...running.events, ...denied];
  if (events.length > 0) await log.write({ events, changes: running.changes });
  if (calls.length === 0) return;
  const isNew = (call: PendingCall) => !turn.inherited.has(call.id);
  if (calls.every(isNew) && calls.some((call) => planOf(turn, call).kind === "operation"))
    turn.sandbox.prepare({ turnFrom: untouchedSince(log.conversation) });

  /** Why the sandbox's packages could not be installed: no call of it can run, and none is tried again before a person had a look. */
  let failure: string | null = null;
  await turn.interruptible(async (signal) => {
    const settled = await Promise.allSettled(calls.map((call) => runCall(turn, call, signal)));
    turn.stopped.throwIfAborted();
    for (const outcome of settled) {
      if (outcome.status === "rejected") throw outcome.reason;
      failure ??= outcome.value;
    }
    if (signal.aborted) failure = null;
  });
  if (failure !== null) return tellPackagesFailed(turn, failure);
  // Only keeps the sandbox from being put to sleep early: not worth failing a turn.
  await turn.sandbox
    .touch()
    .catch((error: unknown) => turn.logger.debug({ err: error }, "use of the sandbox was not noted"));
}

/** Ends the turn. */
async function tellPackagesFailed(turn: Turn, message: string): Promise<void> {
  const { environmentId: environment_id } = turn.facts;
  const error = { type: "unknown_error", message, environment_id, retry_status: { type: "exhausted" } };
  await turn.log.write({ events: [newEvent(turn, "session.error", { error })] });
}

/**
 * Writes the call's result. After an interrupt it writes none: the interrupt gives one to all that have none. Returns why packages
 * could not be installed, if that is why it failed.
 */
async function runCall(turn: Turn, call: PendingCall, signal: AbortSignal): Promise<string | null> {
  const resultId = newId("event", turn.deps.clock.now());
  let result: ToolResult;
  let failure: string | null = null;
  try {
    result = await resultOf(turn, call, resultId, signal);
  } catch (error) {
    turn.stopped.throwIfAborted();
    // An MCP server was told by the signal.
    if (signal.aborted) {
      if (!call.mcp) await cancel(turn, call);
      return null;
    }
    if (hasCode(error, "lease_lost")) throw error;
    if (hasCode(error, "packages_failed")) failure = error.message;
    turn.logger.error({ err: error, toolUseId: call.id }, "a tool call failed");
    result = errorResult(
      call.mcp
        ? `${call.name}: the call failed. The server's log says why.`
        : (failure ?? failureText(call.name, error)),
    );
  }
  if (signal.aborted) return null;
  // Told with the next result that has to do with files.
  const notice = call.mcp ? null : (turn.sandbox.takeNotice() ?? turn.log.conversation.filesNotice);
  if (notice !== null) result = withNotice(result, notice);
  await turn.log.write({ events: [resultEvent(turn, call, result, resultId)], changes: gotOn(turn) });
  return failure;
}

/** Of these calls one at least runs in the sandbox. */
export function needsSandbox(turn: Turn, step: { run: readonly string[] }): boolean {
  return step.run.some((id) => planOf(turn, pendingCall(turn, id)).kind === "operation");
}

const planOf = (turn: Turn, call: PendingCall) => turn.deps.harness.planToolCall(turn.facts.agent, call);

async function resultOf(turn: Turn, call: PendingCall, resultId: string, signal: AbortSignal): Promise<ToolResult> {
  const { id } = call;
  const plan = planOf(turn, call);
  switch (plan.kind) {
    case "refused":
      return errorResult(plan.message);
    case "mcp":
      return runMcpCall(turn, { call, server: plan.server, tool: plan.tool, signal });
    case "custom":
      // The agent's tools were changed after the call.
      return errorResult(`${call.name} is a tool of the client now. Call it again.`);
    case "web":
      return runWebTool(turn, call, { ...plan, signal });
    case "operation": {
      const { operation } = plan;
      const run = { id, operation, maybeStarted: turn.inherited.has(id), signal };
      const result = operation.kind === "bash" ? await runWatched(turn, run, resultId) : await turn.sandbox.run(run);
      return toToolResult(result);
    }
  }
}

/** A command: those who watch see its output while it runs. */
async function runWatched(
  turn: Turn,
  run: Parameters<SessionSandbox["run"]>[0],
  resultId: string,
): Promise<OperationResult> {
  const { claim, deps, outputs } = turn;
  const send = deps.notifier.preview.bind(deps.notifier);
  const previews = createOutputPreviews({ sessionId: claim.sessionId, toolUseId: run.id, resultId, send });
  outputs.add(previews);
  try {
    return await turn.sandbox.run({ ...run, onOutput: previews.take });
  } finally {
    outputs.delete(previews);
    previews.close();
  }
}

async function cancel(turn: Turn, call: PendingCall): Promise<void> {
  const stopped = turn.sandbox.cancel(call.id).catch((error: unknown) => {
    turn.logger.warn({ err: error, toolUseId: call.id }, "a tool call could not be cancelled");
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CANCEL_WAIT_MS);
  });
  await Promise.race([stopped, late]);
  clearTimeout(timer);
}

function pendingCall(turn: Turn, id: string): PendingCall {
  const call = turn.log.conversation.pending.get(id);
  if (!call) throw new Error(`tool call ${id} is not open`);
  return call;
}

export function resultEvent(
  turn: Turn,
  call: Pick<PendingCall, "id" | "mcp">,
  result: ToolResult,
  id?: string,
): NewEvent {
  const { content, isError, exitCode, durationMs } = result;
  const extra = id === undefined ? {} : { id };
  if (call.mcp) {
    const measured = durationMs === undefined ? {} : { duration_ms: durationMs };
    const payload = { mcp_tool_use_id: call.id, content, is_error: isError, ...measured };
    return newEvent(turn, "agent.mcp_tool_result", payload, extra);
  }
  const payload = {
    tool_use_id: call.id,
    content,
    is_error: isError,
    ...(exitCode === undefined ? {} : { exit_code: exitCode }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
  };
  return newEvent(turn, "agent.tool_result", payload, extra);
}
