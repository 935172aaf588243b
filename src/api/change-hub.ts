// The live side of all team streams of this process: one read of the database a round, however many listen; rounds are
// spaced, so that a busy session shows a few times a second. Who is slow gets the newest state of each thing once.
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { TeamChange } from "../sessions/sessions.ts";
import { formatCursor, type ResyncReason, readCursor } from "./change-cursor.ts";
import { changeBytes, HEARTBEAT, resyncBytes } from "./sse-frame.ts";
import { createSubscriber, type Sink, type Subscriber } from "./subscriber.ts";

export type ReadChanges = (input: {
  teamIds: readonly string[];
  from: bigint;
  limit: number;
}) => Promise<{ next: bigint; changes: TeamChange[] }>;

/** Between the beginnings of two rounds. */
const ROUND_MS = 250;
/** A missed wake-up costs at most this. */
const POLL_MS = 1_500;
const HEARTBEAT_MS = 15_000;
/** Whoever lacks more than this reads the list instead. */
const MAX_CHANGES = 1_000;

type Member = {
  teamId: string;
  subscriber: Subscriber;
  sink: Sink;
  /** What it has not been given yet, one frame a thing that changed. */
  pending: Map<string, Buffer>;
  /** Instead of what is pending. */
  resync: ResyncReason | null;
};
type Joiner = { member: Member; cursor: string | null; joined: PromiseWithResolvers<void> };
export type ChangeHub = ReturnType<typeof createChangeHub>;

export function createChangeHub(options: {
  readChanges: ReadChanges;
  readPlace: () => Promise<{ place: bigint; history: string }>;
  clock: Clock;
  logger: Logger;
}) {
  const { readChanges, readPlace, clock, logger } = options;
  const teams = new Map<string, Set<Member>>();
  let joiners: Joiner[] = [];
  /** Null while nobody listens. */
  let position: { place: bigint; history: string } | null = null;
  /** States that everybody was told already, as long as the database may bring them again. */
  const told = new Map<string, string>();
  let running = false;
  let dirty = false;
  let lastRoundMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function schedule(): void {
    if (running || closed) return;
    clearTimeout(timer);
    const dueMs = joiners.length > 0 ? 0 : Math.max(0, lastRoundMs + ROUND_MS - clock.now());
    timer = setTimeout(() => void round(), dueMs);
  }

  async function round(): Promise<void> {
    running = true;
    dirty = false;
    lastRoundMs = clock.now();
    const joining = joiners;
    joiners = [];
    try {
      position ??= await readPlace();
      await bringNews(position);
      await letJoin(position, joining);
    } catch (error) {
      // The database is away: streams stay open, the poll looks again; who wanted to join is told.
      logger.debug({ err: error }, "changes of sessions could not be read");
      for (const { joined } of joining) joined.reject(error);
    } finally {
      running = false;
    }
    if (teams.size === 0 && joiners.length === 0) forgetPosition();
    else if (dirty || joiners.length > 0) schedule();
  }

  async function bringNews(at: NonNullable<typeof position>): Promise<void> {
    if (teams.size === 0) return;
    const { next, changes } = await readChanges({ teamIds: [...teams.keys()], from: at.place, limit: MAX_CHANGES });
    at.place = next;
    if (changes.length > MAX_CHANGES) {
      for (const members of teams.values()) for (const member of members) askForResync(member, "too_many_changes");
      return;
    }
    const framesByTeam = new Map<string, Map<string, Buffer>>();
    for (const change of changes) {
      if (told.get(change.id) === change.xid) continue;
      told.set(change.id, change.xid);
      const frames = framesByTeam.get(change.teamId) ?? new Map<string, Buffer>();
      framesByTeam.set(change.teamId, frames);
      frames.delete(change.id);
      frames.set(change.id, changeBytes(change));
    }
    for (const [id, xid] of told) if (BigInt(xid) < next) told.delete(id);
    for (const [teamId, frames] of framesByTeam) {
      const together = withCursor([...frames.values()]);
      for (const member of teams.get(teamId) ?? []) {
        const upToDate = member.pending.size === 0 && member.resync === null && !member.sink.writableNeedDrain;
        if (!upToDate || !member.subscriber.write(together, 0)) putOff(member, frames);
      }
    }
  }

  /** Those who come with a cursor get what they missed from one read a team; from now on they hear what the others hear. */
  async function letJoin({ place, history }: { place: bigint; history: string }, joining: Joiner[]): Promise<void> {
    const byTeam = Map.groupBy(joining, ({ member }) => member.teamId);
    for (const [teamId, group] of byTeam) {
      const starts = group.map((joiner) => ({
        joiner,
        from: readCursor(joiner.cursor, { place, history, nowMs: clock.now() }),
      }));
      const places = starts.flatMap(({ from }) => (typeof from === "bigint" ? [from] : []));
      const from = places.reduce((one, other) => (other < one ? other : one), place);
      const missed = places.length > 0 ? await readChanges({ teamIds: [teamId], from, limit: MAX_CHANGES }) : null;
      const tooMany = (missed?.changes.length ?? 0) > MAX_CHANGES;
      const frames = new Map(
        missed?.changes.map((change) => [change.id, { xid: BigInt(change.xid), bytes: changeBytes(change) }]),
      );
      for (const { joiner, from } of starts) {
        const { member, joined } = joiner;
        if (!member.subscriber.closed) {
          const members = teams.get(teamId) ?? new Set();
          teams.set(teamId, members.add(member));
        }
        joined.resolve();
        if (typeof from !== "bigint") askForResync(member, from);
        else if (tooMany) askForResync(member, "too_many_changes");
        else {
          const mine = [...frames].filter(([, { xid }]) => xid >= from);
          putOff(member, new Map(mine.map(([id, { bytes }]) => [id, bytes])));
        }
      }
    }
  }

  function putOff(member: Member, frames: ReadonlyMap<string, Buffer>): void {
    if (member.resync === null)
      for (const [id, bytes] of frames) {
        member.pending.delete(id);
        member.pending.set(id, bytes);
      }
    if (member.pending.size > MAX_CHANGES) askForResync(member, "too_many_changes");
    else flush(member);
  }

  function askForResync(member: Member, reason: ResyncReason): void {
    member.pending.clear();
    member.resync ??= reason;
    flush(member);
  }

  /** All or nothing: the last frame carries the cursor. A client that does not drain is asked again when it has. */
  function flush(member: Member): void {
    const { subscriber, sink } = member;
    if (sink.writableNeedDrain) subscriber.awaitDrain();
    else if (member.resync !== null) {
      if (subscriber.write(withCursor([resyncBytes(member.resync)]), 0)) member.resync = null;
    } else if (member.pending.size > 0) {
      if (subscriber.write(withCursor([...member.pending.values()]), 0)) member.pending.clear();
    }
  }

  function withCursor(frames: Buffer[]): Buffer {
    if (position === null) throw new Error("frames without a position");
    const id = Buffer.from(`id: ${formatCursor(position.place, { ...position, nowMs: clock.now() })}\n`);
    return Buffer.concat([...frames.slice(0, -1), id, ...frames.slice(-1)]);
  }

  function leave(member: Member): void {
    joiners = joiners.filter((joiner) => joiner.member !== member);
    const members = teams.get(member.teamId);
    if (members?.delete(member) && members.size === 0) teams.delete(member.teamId);
    if (teams.size === 0 && joiners.length === 0 && !running) forgetPosition();
  }

  function forgetPosition(): void {
    clearTimeout(timer);
    position = null;
    told.clear();
  }

  function changed(): void {
    dirty = true;
    if (teams.size > 0) schedule();
  }

  const pollTimer = setInterval(changed, POLL_MS);
  const heartbeatTimer = setInterval(() => {
    for (const members of teams.values()) for (const { subscriber } of members) subscriber.writeIfFree(HEARTBEAT);
  }, HEARTBEAT_MS);

  return {
    /** Something may have changed. */
    changed,

    /** Adds a stream. Rejects when the database is away. The answer ends it. */
    async subscribe(request: { teamId: string; cursor: string | null; sink: Sink }): Promise<() => void> {
      const { teamId, cursor, sink } = request;
      const subscriber = createSubscriber({
        sink,
        cursor: 0,
        previews: new Set(),
        onDrained: () => flush(member),
      });
      const member: Member = { teamId, subscriber, sink, pending: new Map(), resync: null };
      const joined = Promise.withResolvers<void>();
      joiners.push({ member, cursor, joined });
      schedule();
      await joined.promise;
      return () => {
        if (!subscriber.closed) subscriber.drop();
        leave(member);
      };
    },

    get subscriberCount(): number {
      let count = 0;
      for (const members of teams.values()) count += members.size;
      return count;
    },

    /** Ends all streams: clients resume at another process or after the restart. */
    close(): void {
      closed = true;
      clearInterval(pollTimer);
      clearInterval(heartbeatTimer);
      clearTimeout(timer);
      for (const { joined } of joiners) joined.reject(new Error("the server stops"));
      for (const members of teams.values()) for (const { subscriber } of members) subscriber.end();
      teams.clear();
    },
  };
}
