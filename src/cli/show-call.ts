// A tool call as a person reads it: in one line, or exactly, before it is allowed.

import { summarizeCall } from "../client/tool-summary.ts";
import { visibleExactly } from "../lib/visible-text.ts";
import type { OpenCall } from "./turn-watch.ts";

type ShownCall = Pick<OpenCall, "name" | "input"> & { mcp_server_name?: string };

/** `github / create_issue`: an MCP server may call its tools what it likes. */
function nameOf({ name, mcp_server_name: server }: ShownCall): string {
  return visibleExactly(server === undefined ? name : `${server} / ${name}`);
}

/** Empty: none of ours, whatever its name. */
function toolOf({ name, mcp_server_name: server }: ShownCall): string {
  return server === undefined ? name : "";
}

/** `bash  npm test`. */
export function callLine(call: ShownCall): string {
  const name = nameOf(call);
  const summary = visibleExactly(summarizeCall(toolOf(call), call.input)).replaceAll("\n", " ⏎ ");
  return summary === "" ? name : `${name}  ${summary}`;
}

/** All of what would run, indented; nothing is cut, and nothing can hide. */
export function callExactly(call: ShownCall): string {
  const { command, ...rest } = call.input;
  const only = toolOf(call) === "bash" && typeof command === "string" && Object.keys(rest).length === 0;
  const text = only ? String(command) : JSON.stringify(call.input, null, 2);
  const lines = visibleExactly(text).split("\n");
  return [nameOf(call), ...lines.map((line) => `    ${line}`)].join("\n");
}
