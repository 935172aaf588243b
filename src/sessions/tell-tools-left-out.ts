// What the log is told of tools that MCP servers describe at such length that they do not go into requests to the model.
import { createHash } from "node:crypto";
import type { NewEvent } from "../db/events.ts";
import type { LeftOutTools } from "../harnesses/harness.ts";
import { offeredMcp } from "./session-mcp.ts";
import { newEvent, type Turn } from "./turn.ts";

/** A server may have hundreds of tools that are left out. */
const MAX_NAMED = 40;

/** One event for each server of which other tools are left out than the session was last told, by whichever worker. */
export function tellToolsLeftOut(turn: Turn): NewEvent[] {
  return turn.deps.harness.leftOut(turn.facts.agent, offeredMcp(turn)).flatMap((leftOut) => {
    const fingerprint = createHash("sha256").update(JSON.stringify(leftOut)).digest("hex").slice(0, 32);
    if (turn.log.conversation.toolsLeftOut.get(leftOut.server) === fingerprint) return [];
    const { server, enabled } = leftOut;
    const tools = named(leftOut);
    turn.logger.warn({ server, tools, enabled }, "tools of an MCP server are left out of requests to the model");
    const error = {
      ...{ type: "unknown_error", message: wordsOf(leftOut, tools), mcp_server_name: server },
      retry_status: { type: "retrying" },
    };
    return [newEvent(turn, "session.error", { error }, { private: { tools_left_out: fingerprint } })];
  });
}

function named({ names }: LeftOutTools): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

function wordsOf({ server, names, enabled }: LeftOutTools, tools: string): string {
  const are = names.length === 1 ? "is" : "are";
  return `MCP server ${server}: ${names.length} of its ${enabled} tools ${are} not offered to the model, since each request to it carries all descriptions and schemas (up to 256 kB of a server, 512 kB and 256 tools of all together): ${tools}. To make room, disable tools that the agent does not need in the server's mcp_toolset.`;
}
