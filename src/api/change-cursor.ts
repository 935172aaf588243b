// The place of a reader in a team's stream, as text for Last-Event-ID: of which database, where in its history, and from when.
import { createHash } from "node:crypto";

/** Deleted sessions are remembered for longer than this. */
const MAX_AGE_S = 24 * 3_600;

/** Why a reader cannot go on from its cursor and reads the list anew. */
export type ResyncReason = "start" | "cursor_unknown" | "cursor_expired" | "too_many_changes";

export type History = { history: string; nowMs: number };

export function formatCursor(place: bigint, { history, nowMs }: History): string {
  return `${shortHash(history)}-${place}-${Math.floor(nowMs / 1_000)}`;
}

/** The place to read from, or why there is none. Pure. */
export function readCursor(text: string | null, at: History & { place: bigint }): bigint | ResyncReason {
  if (text === null) return "start";
  const [, hash, place, second] = /^([0-9a-f]{8})-(\d{1,18})-(\d{1,12})$/.exec(text) ?? [];
  if (place === undefined || hash !== shortHash(at.history)) return "cursor_unknown";
  // Ahead of everything: the database was set back to an earlier state.
  if (BigInt(place) > at.place) return "cursor_unknown";
  return at.nowMs / 1_000 - Number(second) > MAX_AGE_S ? "cursor_expired" : BigInt(place);
}

function shortHash(history: string): string {
  return createHash("sha256").update(history).digest("hex").slice(0, 8);
}
