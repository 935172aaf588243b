// Which files the last turn changed, from the snapshots that were taken before and after it. Pure.
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Snapshot } from "../../../../contract/snapshots.ts";
import type { SessionView, Turn } from "../session-view.ts";
import { mergeChanges, type NetChanges } from "./merge-changes.ts";

type Changes = NonNullable<Snapshot["changes"]>;

/**
 * `waiting`: it has not ended, or no snapshot was taken since. `turns`: how many the changes are of, since not every turn is followed by
 * a snapshot of its own; null when the snapshots do not say, and they are those since `since`.
 */
export type TurnChanges =
  | { state: "waiting" }
  | { state: "known"; turns: number | null; since: string | null; net: NetChanges };

const NOTHING: NetChanges = { counts: { added: 0, changed: 0, removed: 0 }, files: [] };
const WITHOUT_FILES = new Set(["web_fetch", "web_search"]);

/** `snapshots`: newest first. `log`: stored events by their place. Null: nothing can be said. */
export function turnChanges(
  snapshots: readonly Snapshot[],
  view: SessionView,
  log: readonly StreamEvent[],
): TurnChanges | null {
  const turn = view.turns.at(-1);
  if (!turn) return null;
  const from = placeOf(turn, log, view.lastSeq);
  const end = endAfter(from, log, view.lastSeq);
  if (turn.endedAt === null || end === null) return { state: "waiting" };
  const current = snapshots.find(({ state }) => state === "current");
  if (!current || current.checked_seq < end) {
    if (turn.items.some(mayChangeFiles)) return { state: "waiting" };
    return { state: "known", turns: 1, since: null, net: NOTHING };
  }
  const chain = chainBack(current, snapshots, from);
  if (!chain) return null;
  const since = chain[0]?.since ?? null;
  const net = mergeChanges(chain);
  if (net) return { state: "known", turns: turnsSince(chain[0], view, log), since: null, net };
  // Names are missing of some: what is left is the newest comparison alone.
  const newest = current.changes && mergeChanges([current.changes]);
  return newest && { state: "known", turns: null, since: current.changes?.since?.at ?? since?.at ?? null, net: newest };
}

/** Comparisons that reach back over the place `from`, the oldest first; empty when the files are the same since; null when one is not known. */
function chainBack(current: Snapshot, snapshots: readonly Snapshot[], from: number): Changes[] | null {
  const chain: Changes[] = [];
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  for (let one: Snapshot | undefined = current; one && one.seq >= from; ) {
    if (!one.changes) return null;
    chain.unshift(one.changes);
    const { since }: Changes = one.changes;
    byId.delete(one.id);
    one = since && since.seq >= from ? byId.get(since.snapshot_id) : undefined;
  }
  return chain;
}

function turnsSince(oldest: Changes | undefined, view: SessionView, log: readonly StreamEvent[]): number {
  if (!oldest) return 1;
  const since = oldest.since?.seq ?? 0;
  let count = 1;
  let before = view.lastSeq;
  for (const turn of view.turns.toReversed()) {
    before = placeOf(turn, log, before);
    if (before <= since) break;
    count += 1;
  }
  return Math.max(1, count - 1);
}

/** Where a turn may first have changed a file; a snapshot from before this place is one from before the turn. Without such a call its beginning. */
function placeOf(turn: Turn, log: readonly StreamEvent[], last: number): number {
  const id = turn.items.find(mayChangeFiles)?.id ?? turn.id;
  for (let seq = last; seq > 0; seq--) {
    const event = log[seq];
    if (event && "id" in event && event.id === id) return seq;
  }
  return 0;
}

function endAfter(from: number, log: readonly StreamEvent[], last: number): number | null {
  for (let seq = from; seq <= last; seq++) {
    const event = log[seq];
    if (event?.type === "session.status_terminated" || event?.type === "session.rewound") return seq;
    if (event?.type === "session.status_idle" && event.stop_reason.type !== "requires_action") return seq;
  }
  return null;
}

function mayChangeFiles(item: Turn["items"][number]): boolean {
  return item.kind === "tool_call" && item.owner === "agent" && !WITHOUT_FILES.has(item.name);
}
