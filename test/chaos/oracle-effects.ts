// What tools did: every line of a ledger stands there once, and what is missing was lost with a disk, as the log says.

import { MARKER, type SessionFacts, type StoredEntry } from "./facts.ts";
import { ownFrom } from "./oracle-conversation.ts";

type Problem = readonly [rule: string, what: string];

export function isCall(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_use";
}

export function resultOf(call: StoredEntry, stored: readonly StoredEntry[]): StoredEntry[] {
  return stored.filter((entry) => entry.type === "agent.tool_result" && entry.payload.tool_use_id === call.id);
}

export function isInDoubt(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_result" && JSON.stringify(entry.payload.content ?? "").includes("may have run");
}

/** Says that a disk was lost: with its receipt, or, where no snapshot had ever been taken, in the next result. */
function tellsOfLoss(entry: StoredEntry): boolean {
  if (entry.type === "session.restored") return entry.payload.reason === "lost";
  return (
    entry.type === "agent.tool_result" &&
    JSON.stringify(entry.payload.content ?? "").includes("was lost and a new, empty one was made")
  );
}

export function effectsNotOnce(session: SessionFacts): Problem[] {
  const { stored, effects } = session;
  const rule = "a tool's effect happens once";
  const problems: Problem[] = [];
  const called = new Set<string>();
  const from = ownFrom(session);
  for (const call of stored.filter(isCall)) {
    const [result] = resultOf(call, stored);
    const succeeded = result !== undefined && result.payload.is_error === false;
    for (const [marker] of JSON.stringify(call.payload.input ?? {}).matchAll(MARKER)) {
      if (called.has(marker)) problems.push([rule, `${marker} was called twice`]);
      called.add(marker);
      const count = effects.get(marker) ?? 0;
      if (count > 1) problems.push([rule, `${marker} happened ${count} times`]);
      // A copy of a session has its conversation.
      if (count > 0 || !succeeded || call.seq < from) continue;
      const excused = isLost(session, result.seq);
      if (!excused) problems.push([rule, `${marker} did not happen, and its result at ${result.seq} says that it did`]);
    }
  }
  for (const marker of effects.keys()) {
    if (!called.has(marker)) problems.push([rule, `${marker} happened, and nobody called it`]);
  }
  return problems;
}

/** What was done by `seq` went with a disk, and nobody had been told before that it is kept. */
function isLost({ stored, kept }: SessionFacts, seq: number): boolean {
  return stored.some((loss) => {
    if (!tellsOfLoss(loss) || loss.seq <= seq) return false;
    return !kept.some((through) => through >= seq && through < loss.seq);
  });
}

/** Files are set back only where a disk was lost, and each receipt is whole. */
export function receiptsWrong(session: SessionFacts): Problem[] {
  const rule = "a restore is told, and for a reason";
  const from = ownFrom(session);
  const told = session.stored.filter((entry) => entry.seq > from && tellsOfLoss(entry));
  const problems: Problem[] = [];
  if (told.length > session.losses) problems.push([rule, `${told.length} losses are told, ${session.losses} happened`]);
  for (const { seq, type, payload } of told) {
    if (type !== "session.restored") continue;
    if (payload.refused_count !== 0)
      problems.push([rule, `${seq}: files were refused: ${JSON.stringify(payload.refused)}`]);
    const { files, written_files: written, same_files: same, checked_files: checked } = payload;
    if (Number(written) + Number(same) !== files || checked !== written)
      problems.push([
        rule,
        `${seq}: of ${files} files ${written} were written, ${same} were there, ${checked} checked`,
      ]);
  }
  return problems;
}
