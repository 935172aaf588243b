// The live side of all event streams of this process: wakes up, reads what is new once per session, gives it to each subscriber
// from that subscriber's own place. Who is behind the ring reads the database; nobody ever "joins at the end".
import type { PreviewEvent } from "../contract/events.ts";
import type { Logger } from "../lib/logger.ts";
import { createPreviewMemory, type PreviewMemory } from "./preview-memory.ts";
import {
  caughtUpBytes,
  deletedFrame,
  type Frame,
  HEARTBEAT,
  inSession,
  type LogEntry,
  previewBytes,
  previewInSession,
  toFrame,
} from "./sse-frame.ts";
import {
  type Backlog,
  createSubscriber,
  MAX_BACKLOG_BYTES,
  type Sink,
  type Subscriber as SinkSubscriber,
} from "./subscriber.ts";

/** Frames kept per watched session for those who are a little behind. */
const RING_FRAMES = 1000;
const RING_BYTES = 4 * 1024 * 1024;
const PAGE = 500;
/** More subscribers than these are fed after the requests at hand, so that entries that come together go out together. */
const FED_AT_ONCE = 16;
/** A missed wake-up costs at most this. */
const POLL_MS = 1_500;
const HEARTBEAT_MS = 15_000;
/** While the database is away; the finished events bring everything. */
const MAX_HELD_PREVIEWS = 1000;

export type HubOptions = {
  readLog: (input: { sessionId: string; after: number; limit: number }) => Promise<LogEntry[]>;
  /** Where the logs end; a session that is missing in the answer does not exist. */
  lastSeqs: (sessionIds: readonly string[]) => Promise<Map<string, number>>;
  /** Asks the worker for what is under way: nobody here has listened. */
  wantPreviews: (sessionId: string) => void;
  logger: Logger;
};
type LogGrowth = { sessionId: string; lastSeq: number; added?: readonly Omit<LogEntry, "seq" | "echo">[] };
export type EventHub = ReturnType<typeof createEventHub>;

type Subscriber = SinkSubscriber & {
  /** Its frames go among those of other sessions, on a connection that another hub keeps alive. */
  shared: boolean;
  /** Where the log ended when the stream began, for one that is to be told when it is there; null once it was told. */
  toldAt: number | null;
  /** It has the previews of what is under way, and hears how they go on. */
  upToDate: boolean;
};

type Channel = {
  sessionId: string;
  /** The seq of the last frame that was read; the ring, if it holds anything, ends there. */
  last: number;
  /** Frames without a gap. */
  ring: Frame[];
  ringBytes: number;
  /** The log is known to reach to here at least. */
  wanted: number;
  reading: boolean;
  /** Subscribers are fed at the end of this turn of the event loop. */
  feeding: boolean;
  deleted: Frame | null;
  subscribers: Set<Subscriber>;
  previews: PreviewMemory;
  /** Previews that came while entries before them are still on their way. */
  held: PreviewEvent[];
  /** Somebody here hears the output of commands. */
  hearsOutput: boolean;
};

export function createEventHub(options: HubOptions) {
  const { readLog, lastSeqs, wantPreviews, logger } = options;
  const channels = new Map<string, Channel>();
  let polling = false;

  /** Reads what is new into the ring and hands it out, until nothing is left that is known to be there. */
  async function advance(channel: Channel): Promise<void> {
    if (channel.reading) return;
    channel.reading = true;
    try {
      while (channel.wanted > channel.last && channel.subscribers.size > 0 && !channel.deleted) {
        const entries = await readLog({ sessionId: channel.sessionId, after: channel.last, limit: PAGE });
        if (entries.length > 0) append(channel, entries.map(toFrame));
        else {
          await lookWhetherDeleted(channel);
          break;
        }
      }
    } catch (error) {
      // The database is away: streams stay open, the poll looks again.
      logger.debug({ err: error, sessionId: channel.sessionId }, "log could not be read for streams");
    } finally {
      channel.reading = false;
    }
    releasePreviews(channel);
  }

  function append(channel: Channel, frames: Frame[]): void {
    for (const frame of frames) {
      channel.ring.push(frame);
      channel.ringBytes += frame.bytes.byteLength;
      channel.last = frame.seq;
      channel.previews.finish(frame);
    }
    let tooMany = Math.max(0, channel.ring.length - RING_FRAMES);
    let bytes = channel.ringBytes;
    for (let index = 0; index < tooMany; index++) bytes -= channel.ring[index]?.bytes.byteLength ?? 0;
    // The last frame stays, however large: it is on its way to those who keep up.
    while (bytes > RING_BYTES && tooMany < channel.ring.length - 1)
      bytes -= channel.ring[tooMany++]?.bytes.byteLength ?? 0;
    if (channel.subscribers.size <= FED_AT_ONCE) feedAll(channel);
    else if (!channel.feeding) {
      channel.feeding = true;
      setImmediate(() => {
        channel.feeding = false;
        feedAll(channel);
        releasePreviews(channel);
      });
    }
    channel.ring.splice(0, tooMany);
    channel.ringBytes = bytes;
  }

  function feedAll(channel: Channel): void {
    const slices = new Map<string, Buffer>();
    for (const subscriber of channel.subscribers) feed(channel, subscriber, slices);
  }

  /** Nothing was found although the log should be longer: the session is gone, or a wake-up came before its time. */
  async function lookWhetherDeleted(channel: Channel): Promise<void> {
    const found = await lastSeqs([channel.sessionId]);
    const last = found.get(channel.sessionId);
    if (last === undefined) markDeleted(channel);
    else channel.wanted = Math.max(last, channel.last);
  }

  function markDeleted(channel: Channel): void {
    if (channel.deleted) return;
    channel.deleted = deletedFrame({ sessionId: channel.sessionId, seq: channel.last + 1, at: new Date() });
    feedAll(channel);
  }

  /** Says once that the log as it was when the stream began has been written. */
  async function tellCaughtUp(channel: Channel, subscriber: Subscriber): Promise<void> {
    const { toldAt } = subscriber;
    if (toldAt === null || subscriber.cursor < toldAt) return;
    subscriber.toldAt = null;
    const bytes = caughtUpBytes(channel.sessionId, toldAt);
    // Never the piece too much for a client that is still busy with the log.
    do await subscriber.drained();
    while (channel.subscribers.has(subscriber) && !subscriber.closed && !subscriber.write(bytes, subscriber.cursor));
  }

  /** Gives a subscriber what it lacks: from the ring when that reaches back far enough, otherwise from the database. */
  function feed(channel: Channel, subscriber: Subscriber, slices: Map<string, Buffer>): void {
    if (subscriber.catchingUp || subscriber.closed) return;
    if (channel.deleted) {
      subscriber.write(bytesFor(channel, subscriber, channel.deleted), channel.deleted.seq);
      subscriber.end();
      leave(channel, subscriber);
      return;
    }
    if (subscriber.cursor >= channel.last) {
      haveAll(channel, subscriber);
      return;
    }
    const first = channel.ring[0];
    if (!first || first.seq > subscriber.cursor + 1) {
      void catchUp(channel, subscriber);
      return;
    }
    // Seqs have no gap, so the place in the ring is a subtraction.
    const from = subscriber.cursor + 1 - first.seq;
    const slice = subscriber.shared ? `shared ${from}` : `${from}`;
    let bytes = slices.get(slice);
    if (!bytes) {
      const frames = channel.ring.slice(from).map((frame) => bytesFor(channel, subscriber, frame));
      bytes = frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames);
      slices.set(slice, bytes);
    }
    subscriber.write(bytes, channel.last);
    if (subscriber.closed) leave(channel, subscriber);
    else haveAll(channel, subscriber);
  }

  function haveAll(channel: Channel, subscriber: Subscriber): void {
    void tellCaughtUp(channel, subscriber);
    bringUpToDate(channel, subscriber);
  }

  /** After the log, so that a reader finds each preview's place. */
  function bringUpToDate(channel: Channel, subscriber: Subscriber): void {
    if (subscriber.upToDate || subscriber.cursor < channel.last) return;
    subscriber.upToDate = true;
    for (const data of channel.previews.open(subscriber.previews)) writePreview(channel, subscriber, data);
  }

  function writePreview({ sessionId }: Channel, subscriber: Subscriber, data: PreviewEvent): void {
    subscriber.writeIfFree(subscriber.shared ? previewInSession(sessionId, data) : previewBytes(data));
  }

  /** Pages from the database at the client's own speed, then goes on from the ring. */
  async function catchUp(channel: Channel, subscriber: Subscriber): Promise<void> {
    subscriber.catchingUp = true;
    subscriber.upToDate = false;
    try {
      while (!subscriber.closed && !channel.deleted) {
        const first = channel.ring[0];
        if (subscriber.cursor >= channel.last || (first && first.seq <= subscriber.cursor + 1)) break;
        const entries = await readLog({ sessionId: channel.sessionId, after: subscriber.cursor, limit: PAGE });
        if (entries.length === 0) break;
        await writePage(channel, subscriber, entries.map(toFrame));
      }
    } catch (error) {
      logger.debug({ err: error, sessionId: channel.sessionId }, "a stream could not catch up");
    } finally {
      subscriber.catchingUp = false;
    }
    // Entries that came meanwhile. After a failure the next wake-up or poll begins again.
    void tellCaughtUp(channel, subscriber);
    if (subscriber.closed) leave(channel, subscriber);
    else if (channel.deleted || (channel.ring[0] && channel.ring[0].seq <= subscriber.cursor + 1))
      feed(channel, subscriber, new Map());
    else bringUpToDate(channel, subscriber);
  }

  async function writePage(channel: Channel, subscriber: Subscriber, frames: Frame[]): Promise<void> {
    let batch: Buffer[] = [];
    let bytes = 0;
    await subscriber.drained();
    for (const [index, frame] of frames.entries()) {
      batch.push(bytesFor(channel, subscriber, frame));
      bytes += frame.bytes.byteLength;
      if (bytes < MAX_BACKLOG_BYTES / 4 && index < frames.length - 1) continue;
      // Not written: the next page begins at the cursor again.
      if (!subscriber.write(Buffer.concat(batch), frame.seq)) return;
      await subscriber.drained();
      if (subscriber.closed) return;
      batch = [];
      bytes = 0;
    }
  }

  function releasePreviews(channel: Channel): void {
    if (channel.reading || channel.feeding || channel.wanted > channel.last) return;
    for (const data of channel.held.splice(0)) {
      const type = channel.previews.add(data);
      if (type === null) continue;
      const [alone, shared] = [previewBytes(data), previewInSession(channel.sessionId, data)];
      for (const subscriber of channel.subscribers) {
        if (!subscriber.previews.has(type) || subscriber.catchingUp || subscriber.cursor < channel.last) continue;
        if (subscriber.upToDate) subscriber.writeIfFree(subscriber.shared ? shared : alone);
        else bringUpToDate(channel, subscriber);
      }
    }
  }

  function bytesFor(channel: Channel, subscriber: Subscriber, frame: Frame): Buffer {
    return subscriber.shared ? inSession(channel.sessionId, frame) : frame.bytes;
  }

  function leave(channel: Channel, subscriber: Subscriber): void {
    channel.subscribers.delete(subscriber);
    if (channel.subscribers.size === 0 && channels.get(channel.sessionId) === channel)
      channels.delete(channel.sessionId);
  }

  function wake(sessionId: string, lastSeq: number): void {
    const channel = channels.get(sessionId);
    if (!channel || lastSeq <= channel.wanted) return;
    channel.wanted = lastSeq;
    void advance(channel);
  }

  /** Looks at all watched sessions: for wake-ups that were missed. */
  async function poll(): Promise<void> {
    if (polling || channels.size === 0) return;
    polling = true;
    try {
      const ids = [...channels.keys()];
      const found = await lastSeqs(ids);
      for (const id of ids) {
        const channel = channels.get(id);
        if (!channel) continue;
        const last = found.get(id);
        if (last === undefined) markDeleted(channel);
        else {
          channel.wanted = Math.max(channel.wanted, last);
          void advance(channel);
          feedAll(channel);
        }
      }
    } catch (error) {
      logger.debug({ err: error }, "watched sessions could not be polled");
    } finally {
      polling = false;
    }
  }

  const pollTimer = setInterval(() => void poll(), POLL_MS);
  const heartbeatTimer = setInterval(() => {
    for (const channel of channels.values())
      for (const subscriber of channel.subscribers) if (!subscriber.shared) subscriber.writeIfFree(HEARTBEAT);
  }, HEARTBEAT_MS);

  return {
    /**
     * A log grew to `lastSeq`, or a session was deleted (then it is one more than the log ever had). 0: look yourself.
     * `added` spares the reading when it is exactly what comes next.
     */
    logGrew({ sessionId, lastSeq, added }: LogGrowth): void {
      if (lastSeq === 0) void poll();
      const channel = channels.get(sessionId);
      if (!channel || lastSeq <= channel.wanted) return;
      const first = channel.last + 1;
      if (added && !channel.reading && !channel.deleted && first + added.length - 1 === lastSeq) {
        channel.wanted = lastSeq;
        append(
          channel,
          added.map((event, index) => toFrame({ ...event, seq: first + index, echo: false })),
        );
      } else wake(sessionId, lastSeq);
    },

    preview({ sessionId, data }: { sessionId: string; data: PreviewEvent }): void {
      const channel = channels.get(sessionId);
      if (!channel) return;
      if (channel.held.length < MAX_HELD_PREVIEWS) channel.held.push(data);
      releasePreviews(channel);
    },

    /** Wake-ups may have been missed. */
    lookAround: poll,

    /**
     * Adds a stream that has seen the log up to `after`; null: all that is there now. Throws when the database is away.
     * The answer ends it.
     */
    async subscribe(request: {
      sessionId: string;
      after: number | null;
      previews: ReadonlySet<string>;
      sink: Sink;
      /** Given when the sink is shared with streams of other sessions: then the end of this one does not end it. */
      backlog?: Backlog;
    }): Promise<() => void> {
      const { sessionId, sink, previews, backlog } = request;
      const last = (await lastSeqs([sessionId])).get(sessionId) ?? 0;
      const channel = channels.get(sessionId) ?? {
        sessionId,
        last,
        ring: [],
        ringBytes: 0,
        wanted: last,
        reading: false,
        feeding: false,
        deleted: null,
        subscribers: new Set<Subscriber>(),
        previews: createPreviewMemory(),
        held: [],
        hearsOutput: false,
      };
      channels.set(sessionId, channel);
      // A resume from beyond the end (a restored database) would wait for ever; it begins at the end.
      const cursor = Math.min(request.after ?? last, Math.max(last, channel.last));
      const alone = createSubscriber({
        sink,
        cursor,
        previews,
        onDrained: () => feed(channel, subscriber, new Map()),
        ...(backlog ? { backlog } : {}),
      });
      const shared = backlog !== undefined;
      const beginning = { shared, toldAt: shared ? last : null, upToDate: false };
      const subscriber: Subscriber = Object.assign(alone, beginning);
      channel.subscribers.add(subscriber);
      if (previews.has("agent.tool_result") && !channel.hearsOutput) {
        channel.hearsOutput = true;
        wantPreviews(sessionId);
      }
      wake(sessionId, last);
      feed(channel, subscriber, new Map());
      return () => {
        if (!subscriber.closed && !subscriber.shared) subscriber.drop();
        leave(channel, subscriber);
      };
    },

    get subscriberCount(): number {
      let count = 0;
      for (const channel of channels.values()) count += channel.subscribers.size;
      return count;
    },

    /** Ends all streams: clients resume at another process or after the restart. */
    close(): void {
      clearInterval(pollTimer);
      clearInterval(heartbeatTimer);
      for (const channel of channels.values()) for (const subscriber of channel.subscribers) subscriber.end();
      channels.clear();
    },
  };
}
