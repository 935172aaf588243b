// Wake-ups between processes: NOTIFY on a connection of its own, after commit, coalesced; LISTEN on another.
// Nothing here is needed for correctness: whoever misses a wake-up finds the same facts by polling.
import pg from "pg";
import type { PreviewEvent } from "../contract/events.ts";
import { isToolOutput } from "../contract/previews.ts";
import type { Logger } from "../lib/logger.ts";

/** A session's log grew to `lastSeq` (0: look yourself). */
export type LogWakeup = { sessionId: string; lastSeq: number };
/** A preview (`event_start`, `event_delta`) of an event to come. Never stored. */
export type Preview = { sessionId: string; data: PreviewEvent };

const LOG_CHANNEL = "berth_log";
const PREVIEW_CHANNEL = "berth_preview";
/** Says only that somebody should look. */
const LIST_CHANNEL = "berth_list";
const WANTED_CHANNEL = "berth_preview_wanted";
const FILES_CHANNEL = "berth_files";
/** Postgres refuses payloads of 8,000 bytes and more. */
const MAX_PAYLOAD_BYTES = 7_600;
const RECONNECT_MS = 250;

export type Notifier = {
  /** Tells all processes that this session's log grew. Call it after commit. */
  logGrew(wakeup: LogWakeup): void;
  preview(preview: Preview): void;
  /** Tells all web processes that an agent, an environment or a key changed. Call it after commit. */
  listChanged(): void;
  /** Asks whoever runs this session to send the previews of what is under way again. */
  wantPreviews(sessionId: string): void;
  /** Asks a worker to bring back this session's files. Call it after commit. */
  wantFiles(sessionId: string): void;
  close(): Promise<void>;
};

/** While one NOTIFY is under way the next ones collect; so a lone wake-up leaves at once and a flood becomes few statements. */
export function createNotifier(options: { url: string; applicationName: string; logger: Logger }): Notifier {
  const grown = new Map<string, number>();
  const wanted = new Set<string>();
  const files = new Set<string>();
  let previews: string[] = [];
  let listChanged = false;
  let client: pg.Client | null = null;
  let running: Promise<void> | null = null;
  let closed = false;

  async function connected(): Promise<pg.Client> {
    if (client) return client;
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      keepAlive: true,
    });
    fresh.on("error", () => {
      if (client === fresh) client = null;
    });
    fresh.on("end", () => {
      if (client === fresh) client = null;
    });
    await fresh.connect();
    client = fresh;
    return fresh;
  }

  function takePayloads(): { channel: string; payload: string }[] {
    const payloads: { channel: string; payload: string }[] = [];
    const pack = (channel: string, items: string[]) => {
      let batch: string[] = [];
      let bytes = 2;
      for (const item of items) {
        const size = Buffer.byteLength(item) + 1;
        if (batch.length > 0 && bytes + size > MAX_PAYLOAD_BYTES) {
          payloads.push({ channel, payload: `[${batch.join(",")}]` });
          batch = [];
          bytes = 2;
        }
        batch.push(item);
        bytes += size;
      }
      if (batch.length > 0) payloads.push({ channel, payload: `[${batch.join(",")}]` });
    };
    // A preview belongs to a model request that the log holds already, so readers look there first.
    pack(
      LOG_CHANNEL,
      [...grown].map((entry) => JSON.stringify(entry)),
    );
    pack(PREVIEW_CHANNEL, previews);
    if (listChanged) payloads.push({ channel: LIST_CHANNEL, payload: "[]" });
    pack(
      WANTED_CHANNEL,
      [...wanted].map((sessionId) => JSON.stringify([sessionId])),
    );
    pack(
      FILES_CHANNEL,
      [...files].map((sessionId) => JSON.stringify([sessionId])),
    );
    previews = [];
    grown.clear();
    wanted.clear();
    files.clear();
    listChanged = false;
    return payloads;
  }

  const hasNews = () => grown.size > 0 || previews.length > 0 || wanted.size > 0 || files.size > 0 || listChanged;

  async function drain(): Promise<void> {
    while (hasNews()) {
      const payloads = takePayloads();
      try {
        const connection = await connected();
        await connection.query("select pg_notify(c, p) from unnest($1::text[], $2::text[]) as x(c, p)", [
          payloads.map((entry) => entry.channel),
          payloads.map((entry) => entry.payload),
        ]);
      } catch (error) {
        // Readers poll as a backstop, so a lost wake-up only costs time.
        options.logger.debug({ err: error }, "wake-up was not sent");
        client?.end().catch(() => undefined);
        client = null;
        if (closed) return;
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  function kick(): void {
    if (running || closed) return;
    running = drain().finally(() => {
      running = null;
      if (hasNews()) kick();
    });
  }

  return {
    logGrew({ sessionId, lastSeq }) {
      grown.set(sessionId, Math.max(lastSeq, grown.get(sessionId) ?? 0));
      kick();
    },
    preview(preview) {
      for (const item of splitPreview(preview)) previews.push(JSON.stringify([item.sessionId, item.data]));
      kick();
    },
    listChanged() {
      listChanged = true;
      kick();
    },
    wantPreviews(sessionId) {
      wanted.add(sessionId);
      kick();
    },
    wantFiles(sessionId) {
      files.add(sessionId);
      kick();
    },
    async close() {
      await running;
      closed = true;
      await client?.end().catch(() => undefined);
    },
  };
}

/** A message's delta too long for one payload becomes several; JSON escaping can double a byte six-fold, so pieces are small. */
export function splitPreview({ sessionId, data }: Preview): Preview[] {
  // Output of commands comes in pieces that fit.
  if (data.type === "event_start" || isToolOutput(data)) return [{ sessionId, data }];
  const { content } = data.delta;
  if (Buffer.byteLength(JSON.stringify(content.text)) < MAX_PAYLOAD_BYTES - 600) return [{ sessionId, data }];
  const pieces: Preview[] = [];
  const characters = Array.from(content.text);
  for (let start = 0; start < characters.length; start += 1_000) {
    const text = characters.slice(start, start + 1_000).join("");
    pieces.push({ sessionId, data: { ...data, delta: { ...data.delta, content: { ...content, text } } } });
  }
  return pieces;
}

export type Listener = { readonly connected: boolean; close(): Promise<void> };

/** Hears all wake-ups; reconnects by itself, and calls `onReconnect` then, for what was missed meanwhile. */
export function listenForWakeups(options: {
  url: string;
  applicationName: string;
  logger: Logger;
  onLog?: (wakeup: LogWakeup) => void;
  onPreview?: (preview: Preview) => void;
  onListChanged?: () => void;
  onPreviewsWanted?: (sessionId: string) => void;
  onFilesWanted?: (sessionId: string) => void;
  onReconnect?: () => void;
  /** Each time that it begins to hear, the first one too: what somebody asked for before that is asked for by nobody again. */
  onListening?: () => void;
}): Listener {
  let client: pg.Client | null = null;
  let closed = false;
  let first = true;
  let timer: NodeJS.Timeout | undefined;

  function onNotification(message: pg.Notification): void {
    if (message.channel === LIST_CHANNEL) options.onListChanged?.();
    if (!message.payload) return;
    const entries: unknown = JSON.parse(message.payload);
    if (!Array.isArray(entries)) return;
    for (const entry of entries) {
      if (!Array.isArray(entry) || typeof entry[0] !== "string") continue;
      if (message.channel === LOG_CHANNEL && typeof entry[1] === "number")
        options.onLog?.({ sessionId: entry[0], lastSeq: entry[1] });
      else if (message.channel === PREVIEW_CHANNEL && isPreviewEvent(entry[1]))
        options.onPreview?.({ sessionId: entry[0], data: entry[1] });
      else if (message.channel === WANTED_CHANNEL) options.onPreviewsWanted?.(entry[0]);
      else if (message.channel === FILES_CHANNEL) options.onFilesWanted?.(entry[0]);
    }
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      keepAlive: true,
    });
    const lost = () => {
      if (client === fresh) client = null;
      retry();
    };
    fresh.on("error", () => undefined);
    fresh.once("end", lost);
    fresh.on("notification", onNotification);
    try {
      await fresh.connect();
      if (options.onLog) await fresh.query(`listen ${LOG_CHANNEL}`);
      if (options.onPreview) await fresh.query(`listen ${PREVIEW_CHANNEL}`);
      if (options.onListChanged) await fresh.query(`listen ${LIST_CHANNEL}`);
      if (options.onPreviewsWanted) await fresh.query(`listen ${WANTED_CHANNEL}`);
      if (options.onFilesWanted) await fresh.query(`listen ${FILES_CHANNEL}`);
      client = fresh;
      options.onListening?.();
      if (!first) options.onReconnect?.();
      first = false;
      if (closed) await fresh.end();
    } catch (error) {
      options.logger.debug({ err: error }, "listener could not connect");
      fresh.removeListener("end", lost);
      fresh.end().catch(() => undefined);
      retry();
    }
  }

  function retry(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MS);
  }

  void connect();
  return {
    get connected() {
      return client !== null;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

/** Another release may run beside this one and send what this one does not know. */
function isPreviewEvent(value: unknown): value is PreviewEvent {
  if (!isRecord(value)) return false;
  const { type, event, event_id, tool_use_id, delta } = value;
  if (type === "event_start") {
    if (!isRecord(event) || typeof event.id !== "string") return false;
    return typeof event.tool_use_id === "string"
      ? event.type === "agent.tool_result"
      : event.type === "agent.message" || event.type === "agent.thinking";
  }
  if (type !== "event_delta" || typeof event_id !== "string" || !isRecord(delta) || !isRecord(delta.content))
    return false;
  if (typeof delta.content.text !== "string") return false;
  const ofOutput = typeof delta.byte_offset === "number" && typeof delta.byte_count === "number";
  return tool_use_id === undefined || (typeof tool_use_id === "string" && ofOutput);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
