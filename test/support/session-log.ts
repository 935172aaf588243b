// Reads a session's whole log as a client would, by resuming the stream from 0, and checks what must hold for every log.
import { expect } from "vitest";

export type LogEntry = { seq: number; id: string; type: string; processed_at: string | null; [field: string]: unknown };

/** All stored entries up to `lastSeq` or, without it, to the first quiet 300 ms after a final status. */
export async function readSessionLog(options: {
  url: string;
  apiKey: string;
  sessionId: string;
  after?: number;
}): Promise<LogEntry[]> {
  const abort = new AbortController();
  const response = await fetch(`${options.url}/v1/sessions/${options.sessionId}/events/stream`, {
    headers: { "x-api-key": options.apiKey, "last-event-id": String(options.after ?? 0) },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  const entries: LogEntry[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error("no body");
  let buffer = "";
  try {
    for (;;) {
      const quiet = new Promise<"quiet">((resolve) => setTimeout(() => resolve("quiet"), 300));
      const next = await Promise.race([reader.read(), quiet]);
      if (next === "quiet") break;
      if (next.done) break;
      buffer += next.value;
      for (;;) {
        const end = buffer.indexOf("\n\n");
        if (end < 0) break;
        const frame = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        const id = /^id: ?(\d+)$/m.exec(frame)?.[1];
        const data = /^data: ?(.*)$/m.exec(frame)?.[1];
        if (id && data) entries.push({ ...JSON.parse(data), seq: Number(id) });
      }
    }
  } finally {
    abort.abort();
  }
  return entries;
}

/** What must hold for every log, whatever was killed while it was written. */
export function expectSoundLog(entries: readonly LogEntry[]): void {
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
  const seen = new Map<string, number>();
  for (const entry of entries) seen.set(entry.id, (seen.get(entry.id) ?? 0) + 1);
  for (const [id, count] of seen) {
    const entry = entries.find((candidate) => candidate.id === id);
    const twice = entry?.type.startsWith("user.");
    expect(count, `${entry?.type} ${id}`).toBeLessThanOrEqual(twice ? 2 : 1);
  }
  const uses = entries.filter((entry) => entry.type === "agent.tool_use").map((entry) => entry.id);
  const results = entries
    .filter((entry) => entry.type === "agent.tool_result")
    .map((entry) => String(entry.tool_use_id));
  expect(new Set(results).size, "a tool call has one result").toBe(results.length);
  for (const id of results) expect(uses).toContain(id);
  const starts = entries.filter((entry) => entry.type === "span.model_request_start").map((entry) => entry.id);
  const ends = entries
    .filter((entry) => entry.type === "span.model_request_end")
    .map((entry) => String(entry.model_request_start_id));
  expect(new Set(ends).size, "a model request ends once").toBe(ends.length);
  if (entries.at(-1)?.type === "session.status_idle") {
    expect([...starts].sort()).toEqual([...ends].sort());
    const waiting = entries.at(-1)?.stop_reason as { type: string };
    if (waiting.type === "end_turn") expect([...uses].sort()).toEqual([...results].sort());
  }
}
