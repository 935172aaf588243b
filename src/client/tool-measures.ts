// How a tool call ended, in a few words beside it: `exit 1 · 4.2 s`.
import { formatDuration } from "../lib/format-duration.ts";

type Measures = { exitCode?: number | null | undefined; durationMs?: number | null | undefined };

/** Of the fields of an `agent.tool_result`; empty where it tells nothing. */
export function describeMeasures({ exitCode, durationMs }: Measures): string {
  // Null: it was killed, and the result says why.
  const code = exitCode === undefined || exitCode === null ? [] : [`exit ${exitCode}`];
  const time = durationMs === undefined || durationMs === null ? [] : [formatDuration(durationMs)];
  return [...code, ...time].join(" · ");
}
