// What the state of a tool call is called, and what is said about it in one line.
import { formatDuration } from "../../../lib/format-duration.ts";
import type { ToolCallItem, ToolState } from "./session-view.ts";

export const TOOL_STATE_WORDS: Readonly<Record<ToolState, string>> = {
  asking: "asks you",
  running: "running",
  awaiting_result: "waits for a result",
  done: "done",
  failed: "failed",
  denied: "denied",
  unfinished: "not finished",
};

/** How long it ran, as the sandbox measured it, else from the log; null while it does, and for one that never began. */
export function callDurationMs({ state, durationMs, startedAt, endedAt }: ToolCallItem): number | null {
  if (state === "denied") return null;
  if (durationMs !== null) return durationMs;
  return startedAt && endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : null;
}

/** `failed · exit 1 · 4.2 s` */
export function callFacts(call: ToolCallItem): string {
  const { exitCode } = call;
  const durationMs = callDurationMs(call);
  return [
    TOOL_STATE_WORDS[call.state],
    ...(exitCode === null || exitCode === 0 ? [] : [`exit ${exitCode}`]),
    ...(durationMs === null ? [] : [formatDuration(durationMs)]),
  ].join(" · ");
}
