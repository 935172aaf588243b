// A tool call as a person reads it: in one line, or exactly, before it is allowed.

import { summarizeCall } from "../client/tool-summary.ts";
import { visibleExactly } from "../lib/visible-text.ts";
import type { OpenCall } from "./turn-watch.ts";

/** `bash  npm test`. */
export function callLine(call: Pick<OpenCall, "name" | "input">): string {
  const name = visibleExactly(call.name);
  const summary = visibleExactly(summarizeCall(call.name, call.input)).replaceAll("\n", " ⏎ ");
  return summary === "" ? name : `${name}  ${summary}`;
}

/** All of what would run, indented; nothing is cut, and nothing can hide. */
export function callExactly(call: Pick<OpenCall, "name" | "input">): string {
  const { command, ...rest } = call.input;
  const only = call.name === "bash" && typeof command === "string" && Object.keys(rest).length === 0;
  const text = only ? String(command) : JSON.stringify(call.input, null, 2);
  const lines = visibleExactly(text).split("\n");
  return [visibleExactly(call.name), ...lines.map((line) => `    ${line}`)].join("\n");
}
