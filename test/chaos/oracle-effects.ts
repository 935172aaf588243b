// What tools did: every line of a ledger that should be there stands there once, and no other does.
import type { SessionFacts, StoredEntry } from "./facts.ts";
import { type FileStates, fileStates } from "./file-states.ts";
import { ownFrom } from "./oracle-conversation.ts";

type Problem = readonly [rule: string, what: string];

export function isInDoubt(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_result" && JSON.stringify(entry.payload.content ?? "").includes("may have run");
}

/** Of the session, and of what it is a copy of: its files come from there. */
export function statesOf(session: SessionFacts, sessions: readonly SessionFacts[]): FileStates {
  const places = new Map<string, number>();
  for (let one: SessionFacts | undefined = session; one; ) {
    for (const [id, seq] of one.snapshots) if (!places.has(id)) places.set(id, seq);
    const source: string | undefined = one.forkOf?.sessionId;
    one = source === undefined ? undefined : sessions.find(({ id }) => id === source);
  }
  return fileStates(session, places);
}

export function effectsNotOnce({ effects, ledger }: SessionFacts, states: FileStates): Problem[] {
  const rule = "a tool's effect happens once";
  const problems: Problem[] = states.calledTwice.map((marker) => [rule, `${marker} was called twice`]);
  // What could not be read is a finding of its own.
  if (ledger === "unreadable") return problems;
  for (const [marker, { resultSeq }] of states.called) {
    const count = effects.get(marker) ?? 0;
    const line = states.last.get(marker);
    if (count > 1) problems.push([rule, `${marker} happened ${count} times`]);
    if (count === 0 && line === "sure")
      problems.push([rule, `${marker} did not happen, and its result at ${resultSeq} says that it did`]);
    if (count > 0 && line === undefined)
      problems.push([rule, `${marker} is there, and the log says that its files were set back to before it`]);
  }
  for (const marker of effects.keys()) {
    if (!states.called.has(marker)) problems.push([rule, `${marker} happened, and nobody called it`]);
  }
  return problems;
}

/** What a client was told to be in a snapshot is there after a loss. */
export function keptIsLost({ kept }: SessionFacts, states: FileStates): Problem[] {
  return states.restores.flatMap(({ seq, reason, before, after }): Problem[] => {
    if (reason !== "lost") return [];
    const through = Math.max(0, ...kept.filter((place) => place < seq));
    const missing = [...before].flatMap(([marker, line]) => {
      const { resultSeq } = states.called.get(marker) ?? { resultSeq: null };
      return line === "sure" && resultSeq !== null && resultSeq <= through && !after.has(marker) ? [marker] : [];
    });
    if (missing.length === 0) return [];
    return [["what was kept comes back", `${seq}: ${missing.join(", ")} had been kept by ${through}`]];
  });
}

/** Files that come back with a rewind are those that the last rewind before has told. */
export function notAsTold({ stored }: SessionFacts): Problem[] {
  return stored.flatMap((entry): Problem[] => {
    if (entry.type !== "session.restored" || entry.payload.reason !== "rewind") return [];
    const told = stored.findLast((one) => one.seq < entry.seq && toldFiles(one) !== null);
    if (!told) return [];
    const { snapshot_id: expected = null } = toldFiles(told) ?? {};
    const { snapshot_id: got } = entry.payload;
    if (expected === got) return [];
    return [["a rewind brings back the files of then", `${entry.seq}: ${got}, and ${told.seq} told ${expected}`]];
  });
}

/** Null: it tells of none, or that nobody has kept those of then; they stay what they were to be. */
function toldFiles({ type, payload }: StoredEntry): { type: string; snapshot_id?: string } | null {
  if (type !== "session.rewound" || typeof payload.files !== "object") return null;
  // As the log has it; `contract/events.ts`.
  const files = payload.files as { type: string; snapshot_id?: string };
  return files.type === "unknown" ? null : files;
}

/** Where a rewind says that the files are just those of before the message, no command had written since. */
export function notExact({ stored }: SessionFacts, states: FileStates): Problem[] {
  return stored.flatMap((entry): Problem[] => {
    const { reason, exact } = entry.payload;
    if (entry.type !== "session.restored" || reason !== "rewind" || exact !== true) return [];
    const rewound = stored.findLast(({ type, seq }) => type === "session.rewound" && seq < entry.seq);
    const place = stored.find(({ id, echo }) => echo && id === rewound?.payload.event_id)?.seq;
    const restore = states.restores.find(({ seq }) => seq === entry.seq);
    const through = restore?.through ?? null;
    if (place === undefined || through === null) return [];
    const since = [...states.called].filter(
      // One that nobody knows of may have written nothing, and then the snapshot was looked at and found the same after it.
      ([marker, { resultSeq }]) =>
        resultSeq !== null && resultSeq > through && resultSeq < place && restore?.before.get(marker) !== "maybe",
    );
    // What was taken back before is not of this conversation.
    const missing = since.filter(([, { seq }]) => !wasTakenBack(stored, seq, entry.seq)).map(([marker]) => marker);
    if (missing.length === 0) return [];
    return [["a rewind brings back the files of then", `${entry.seq}: without ${missing.join(", ")}`]];
  });
}

function wasTakenBack(stored: readonly StoredEntry[], seq: number, before: number): boolean {
  return stored.some((entry) => {
    if (entry.type !== "session.rewound" || entry.seq >= before || entry.seq < seq) return false;
    const place = stored.find(({ id, echo }) => echo && id === entry.payload.event_id)?.seq ?? Number.MAX_VALUE;
    return place <= seq;
  });
}

/** Files are set back for a reason only, and each receipt is whole. */
export function receiptsWrong(session: SessionFacts): Problem[] {
  const rule = "a restore is told, and for a reason";
  const from = ownFrom(session);
  const own = session.stored.filter(({ seq }) => seq > from);
  const receipts = own.filter(({ type }) => type === "session.restored");
  const problems: Problem[] = [];
  const count = (reason: string) => receipts.filter(({ payload }) => payload.reason === reason).length;
  if (count("lost") > session.losses)
    problems.push([rule, `${count("lost")} losses are told, ${session.losses} happened`]);
  if (count("rewind") > session.rewinds.length)
    problems.push([rule, `files went back ${count("rewind")} times, of ${session.rewinds.length} rewinds`]);
  if (count("fork") > (session.forkOf ? 1 : 0)) problems.push([rule, `files came along ${count("fork")} times`]);
  for (const { seq, payload } of receipts) {
    if (payload.refused_count !== 0)
      problems.push([rule, `${seq}: files were refused: ${JSON.stringify(payload.refused)}`]);
    const { files, written_files: written, same_files: same, checked_files: checked } = payload;
    // One that was broken off finds files that it does not know: they are checked where they lie.
    if (
      Number(written) + Number(same) !== files ||
      Number(checked) < Number(written) ||
      Number(checked) > Number(files)
    )
      problems.push([
        rule,
        `${seq}: of ${files} files ${written} were written, ${same} were there, ${checked} checked`,
      ]);
  }
  return problems;
}
