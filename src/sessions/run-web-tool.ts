// A call of `web_fetch` or `web_search`: what it brings becomes a result, and what is too much of it a file in the workspace.
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import type { ToolPlan } from "../harnesses/harness.ts";
import { hasCode } from "../lib/errors.ts";
import type { WebAnswer } from "../web-tools/web-tools.ts";
import type { PendingCall } from "./conversation.ts";
import { type ToolResult, toToolResult, withNotice } from "./tool-results.ts";
import type { Turn } from "./turn.ts";
import { untouchedSince } from "./untouched-since.ts";
import { isFromSources } from "./url-sources.ts";

const NOT_A_SOURCE =
  "this address may not be fetched: the agent's definition allows only addresses that stand in certain messages or results of this session (url_sources), and it stands in none of them. Ask the user for it.";

export async function runWebTool(
  turn: Turn,
  call: PendingCall,
  plan: Pick<Extract<ToolPlan, { kind: "web" }>, "request" | "urlSources"> & { signal: AbortSignal },
): Promise<ToolResult> {
  const { deps, facts, claim, log } = turn;
  const { request, urlSources, signal } = plan;
  const caller = { teamId: facts.teamId, sessionId: claim.sessionId };
  const startedAt = deps.clock.now();
  const isKnown =
    request.kind === "search" || urlSources === null || isFromSources(request.url, log.conversation, urlSources);
  const answer = isKnown
    ? await deps.webTools.run(request, caller, signal)
    : deps.webTools.refuse(request, caller, NOT_A_SOURCE);
  const durationMs = deps.clock.now() - startedAt;
  const { outcome, content, image } = answer;
  const result = toToolResult({ outcome, content, ...(image ? { image } : {}), durationMs });
  const notice = await keepWhole(turn, call, answer, signal);
  return notice === null ? result : withNotice(result, notice);
}

/** Writes what was too much to show into the workspace, and says where it is; null where all was shown. */
async function keepWhole(
  turn: Turn,
  call: PendingCall,
  { whole }: WebAnswer,
  signal: AbortSignal,
): Promise<string | null> {
  if (!whole) return null;
  const { deps, facts, claim, log } = turn;
  const maybeStarted = turn.inherited.has(call.id);
  const filePath = `${whole.path}-${call.id.slice(-6)}.md`;
  if (deps.teamSandboxes !== null) {
    const about = { sessionId: claim.sessionId, teamId: facts.teamId, limit: deps.teamSandboxes };
    const place = await askForSandboxPlace(deps.db, about);
    if (!place.granted) return "[The rest was not kept: all sandboxes of the team are in use.]";
  }
  if (!maybeStarted) turn.sandbox.prepare({ turnFrom: untouchedSince(log.conversation) });
  try {
    const operation = { kind: "write", filePath, content: whole.text } as const;
    const written = await turn.sandbox.run({ id: call.id, operation, maybeStarted, signal });
    if (written.outcome === "ok") return `[All of it is in ${filePath}, as others wrote it.]`;
    turn.logger.warn({ toolUseId: call.id, why: written.content }, "what a web tool brought was not kept");
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, "lease_lost")) throw error;
    turn.logger.warn({ err: error, toolUseId: call.id }, "what a web tool brought was not kept");
  }
  return "[The rest could not be kept in the sandbox.]";
}
