// One call of an MCP server's tool: what it answered, or why it did not, as a tool result.
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import { messageOf } from "../lib/errors.ts";
import { shortened } from "../mcp/read-result.ts";
import type { PendingCall } from "./conversation.ts";
import { errorResult, type ToolResult } from "./tool-results.ts";
import type { Turn } from "./turn.ts";

/** Where results lie that are too long to be shown. */
const DIRECTORY = "/workspace/.mcp-results";

export async function runMcpCall(
  turn: Turn,
  { call, server, tool, signal }: { call: PendingCall; server: string; tool: string; signal: AbortSignal },
): Promise<ToolResult> {
  const outcome = await turn.mcp.call({
    ...{ toolUseId: call.id, server, tool, input: call.input, signal },
    maybeSent: turn.inherited.has(call.id),
  });
  if (outcome.how === "failed") return errorResult(outcome.message);
  const { content, isError, longText } = outcome.result;
  const durationMs = Math.round(outcome.durationMs);
  if (longText === null) return { content, isError, durationMs };
  const path = `${DIRECTORY}/${call.id}.txt`;
  const kept = await keep(turn, { id: `${call.id}_result`, path, text: longText, signal });
  return {
    content: [{ type: "text", text: shortened(longText, kept ? path : null) }, ...content],
    isError,
    durationMs,
  };
}

/** Puts a text into the session's workspace; false when there is no room for it, or no sandbox. */
async function keep(
  turn: Turn,
  { id, path, text, signal }: { id: string; path: string; text: string; signal: AbortSignal },
): Promise<boolean> {
  const { deps, claim, facts } = turn;
  try {
    if (deps.teamSandboxes !== null) {
      const about = { sessionId: claim.sessionId, teamId: facts.teamId, limit: deps.teamSandboxes };
      if (!(await askForSandboxPlace(deps.db, about)).granted) return false;
    }
    const operation = { kind: "write" as const, filePath: path, content: text };
    const { outcome } = await turn.sandbox.run({ id, operation, maybeStarted: turn.inherited.has(id), signal });
    return outcome === "ok";
  } catch (error) {
    signal.throwIfAborted();
    turn.logger.warn({ reason: messageOf(error) }, "an MCP server's long result could not be kept in the workspace");
    return false;
  }
}
