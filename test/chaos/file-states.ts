// What should be in a session's ledger, by its log: what its commands wrote, as far as its files were not set back, copied or lost since. Pure.
import { MARKER, type SessionFacts, type StoredEntry } from "./facts.ts";

/** `sure`: its command succeeded · `maybe`: nobody can know, and the log says so. */
type Line = "sure" | "maybe";
export type Files = ReadonlyMap<string, Line>;

export type FileStates = {
  /** At the end. */
  last: Files;
  /** Every line of the conversation, also those that were taken back: its call's place, and its result's when there is one. */
  called: ReadonlyMap<string, { seq: number; resultSeq: number | null }>;
  /** How often a command that writes this line was called, where that is not once. */
  calledTwice: readonly string[];
  /** Each time that files came back: from which state, to which. `through`: the place of the log that they were brought to. */
  restores: readonly { seq: number; reason: string; before: Files; after: Files; through: number | null }[];
};

export function isCall(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_use";
}

export function resultOf(call: StoredEntry, stored: readonly StoredEntry[]): StoredEntry[] {
  return stored.filter((entry) => entry.type === "agent.tool_result" && entry.payload.tool_use_id === call.id);
}

export function markersOf(call: StoredEntry): string[] {
  return [...new Set(JSON.stringify(call.payload.input ?? {}).match(MARKER) ?? [])];
}

/** `places`: by a snapshot's id, where the log ended when it was taken. */
export function fileStates({ stored }: Pick<SessionFacts, "stored">, places: ReadonlyMap<string, number>): FileStates {
  const called = new Map<string, { seq: number; resultSeq: number | null }>();
  const calledTwice: string[] = [];
  const calls = new Map<string, string[]>();
  const restores: FileStates["restores"][number][] = [];
  /** The files after each entry that changed them. `coming`: those that are on their way, and that a copy which is made meanwhile gets. */
  const history: { seq: number; files: Files; coming?: Files }[] = [];
  let files: Files = new Map();
  let forkedAt = 1;
  const become = (seq: number, next: Files) => {
    files = next;
    history.push({ seq, files });
  };
  const stateAt = (seq: number): Files => {
    const last = history.findLast((one) => one.seq <= seq);
    return last?.coming ?? last?.files ?? new Map();
  };
  const restore = (entry: StoredEntry, reason: string, snapshotId: string | null) => {
    const before = files;
    const taken = snapshotId === null ? 0 : (places.get(snapshotId) ?? null);
    // A source goes on, and with it the places in its log, while its files are kept for a copy.
    const through = reason === "fork" && taken !== null ? Math.min(taken, forkedAt - 1) : taken;
    // Of a snapshot that nobody listed in time it is not known what was in it.
    const known = through === null ? [...called.keys()] : [];
    // What runs now may write before or after.
    const running = [...calls.values()].flat().filter((marker) => called.get(marker)?.resultSeq === null);
    const then: Files = through === null ? new Map() : stateAt(through);
    const after = withLines(then, [...known, ...running], "maybe");
    become(entry.seq, after);
    restores.push({ seq: entry.seq, reason, before, after, through });
  };

  for (const entry of stored) {
    if (isCall(entry)) {
      const markers = markersOf(entry);
      calls.set(entry.id, markers);
      for (const marker of markers) {
        if (called.has(marker)) calledTwice.push(marker);
        else called.set(marker, { seq: entry.seq, resultSeq: null });
      }
      // Until its result says more.
      become(entry.seq, withLines(files, markers, "maybe"));
    }
    if (entry.type === "agent.tool_result") {
      const markers = calls.get(String(entry.payload.tool_use_id)) ?? [];
      for (const marker of markers) called.set(marker, { seq: called.get(marker)?.seq ?? 0, resultSeq: entry.seq });
      if (entry.payload.is_error === false) become(entry.seq, withLines(files, markers, "sure"));
    }
    if (entry.type === "session.restored") {
      const { reason, snapshot_id: id } = entry.payload;
      restore(entry, String(reason), typeof id === "string" ? id : null);
    }
    // A copy begins without files, until they come along.
    if (entry.type === "session.forked") {
      forkedAt = entry.seq;
      const coming = withLines(new Map(), [...files.keys()], "maybe");
      files = new Map();
      history.push({ seq: entry.seq, files, coming });
    }
  }
  return { last: files, called, calledTwice, restores };
}

function withLines(files: Files, markers: readonly string[], line: Line): Files {
  return markers.length === 0 ? files : new Map([...files, ...markers.map((marker) => [marker, line] as const)]);
}
