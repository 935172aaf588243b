// Writes a log as a worker would have written it, of any length, straight into the database of a running system.
import { openDatabase } from "../../src/db/database.ts";
import { findEmbeddedPostgresUrl } from "../../src/db/embedded/embedded-postgres.ts";
import { appendEvents } from "../../src/db/events.ts";
import { createNotifier } from "../../src/db/wakeups.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { System } from "./system.ts";

/** An event without the fields that every event has; `id` where another event names it. */
export type LoggedFields = { type: string; id?: string } & Record<string, unknown>;
export type LogWriter = {
  /** Appends in order and wakes those who read the session. Answers the ids. */
  append(sessionId: string, events: readonly LoggedFields[]): Promise<string[]>;
  close(): Promise<void>;
};

const EVENTS_AT_ONCE = 250;

export function openLogWriter({ dataDir }: Pick<System, "dataDir">): LogWriter {
  const url = findEmbeddedPostgresUrl(dataDir);
  if (!url) throw new Error(`no database runs on ${dataDir}`);
  const db = openDatabase({ url, maxConnections: 1, applicationName: "log-writer" });
  const logger = createLogger("test", { level: "silent", pretty: false });
  const notifier = createNotifier({ url, applicationName: "log-writer", logger });
  return {
    async append(sessionId, events) {
      const stored = events.map(({ type, id = newId("event"), ...payload }) => ({
        id,
        type,
        payload,
        processedAt: new Date(),
        // Where it entered the conversation: without an acceptance before it, as old logs have it.
        echo: type.startsWith("user."),
      }));
      for (let from = 0; from < stored.length; from += EVENTS_AT_ONCE) {
        const lastSeq = await appendEvents(db, { sessionId, events: stored.slice(from, from + EVENTS_AT_ONCE) });
        if (lastSeq === null) throw new Error(`there is no session ${sessionId}`);
        notifier.logGrew({ sessionId, lastSeq });
      }
      return stored.map(({ id }) => id);
    },
    async close() {
      await notifier.close();
      await db.destroy();
    },
  };
}

/** One turn that was asked something, ran a command and answered: eight events. */
export function oneTurn(words: { question: string; output: string; answer: string }): LoggedFields[] {
  const request = newId("event");
  const call = newId("event");
  return [
    { type: "session.status_running" },
    { type: "user.message", content: [{ type: "text", text: words.question }] },
    { type: "span.model_request_start", id: request },
    { type: "agent.tool_use", id: call, name: "bash", input: { command: "ls -la" }, evaluated_permission: "allow" },
    {
      type: "span.model_request_end",
      model_request_start_id: request,
      is_error: false,
      model_usage: {
        input_tokens: 10,
        output_tokens: 5,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
      },
    },
    {
      type: "agent.tool_result",
      tool_use_id: call,
      content: [{ type: "text", text: words.output }],
      is_error: false,
    },
    { type: "agent.message", content: [{ type: "text", text: words.answer }] },
    { type: "session.status_idle", stop_reason: { type: "end_turn" }, stop_details: null },
  ];
}

/** So many calls that one answer of the model asked for, all done. */
export function manyCalls(count: number): LoggedFields[] {
  const request = newId("event");
  const calls = Array.from({ length: count }, () => newId("event"));
  return [
    { type: "session.status_running" },
    { type: "user.message", content: [{ type: "text", text: `${count} calls, please` }] },
    { type: "span.model_request_start", id: request },
    ...calls.map((id, index) => ({
      type: "agent.tool_use",
      id,
      name: "bash",
      input: { command: `echo call ${index + 1}` },
      evaluated_permission: "allow",
    })),
    ...calls.map((id, index) => ({
      type: "agent.tool_result",
      tool_use_id: id,
      content: [{ type: "text", text: `call ${index + 1}` }],
      is_error: false,
    })),
    { type: "agent.message", content: [{ type: "text", text: "All of them are done." }] },
    { type: "session.status_idle", stop_reason: { type: "end_turn" }, stop_details: null },
  ];
}
