// Judges a chaos run from outside, by what clients saw, what is stored and what the tools did. Pure; an empty list means that every promise held.
import type { ChaosFacts, Finding, SessionFacts, StoredEntry } from "./facts.ts";
import { MARKER } from "./facts.ts";

/** A process that runs again grows a little: caches, pools. More than this is a leak. */
const RSS_GROWTH = { factor: 1.7, extraMb: 60 };
const FD_GROWTH = 24;

export function judge(facts: ChaosFacts): Finding[] {
  return [
    ...facts.sessions.flatMap(judgeSession),
    ...facts.processes.flatMap(judgeProcess),
    ...facts.leftovers.map((what) => ({ rule: "nothing is left", where: "machine", what })),
  ];
}

/** Calls whose result says that the truth is not known. */
export function countInDoubt(facts: ChaosFacts): number {
  return facts.sessions.reduce((sum, { stored }) => sum + stored.filter(isInDoubt).length, 0);
}

function judgeSession(session: SessionFacts): Finding[] {
  const where = `${session.id} (${session.kind})`;
  const problems = [
    ...gaps(session),
    ...streamDiffers(session),
    ...listDiffers(session),
    ...notProcessedOnce(session),
    ...callsWithoutOneResult(session),
    ...spansWithoutOneEnd(session),
    ...effectsNotOnce(session),
    ...stuck(session),
    ...session.complaints.map((what) => ["clients are served", what] as const),
  ];
  return problems.map(([rule, what]) => ({ rule, where, what }));
}

type Problem = readonly [rule: string, what: string];

function gaps({ stored, lastSeq }: SessionFacts): Problem[] {
  const problems: Problem[] = [];
  for (const [index, entry] of stored.entries()) {
    if (entry.seq === index + 1) continue;
    problems.push(["the log has no gap", `entry ${index + 1} has seq ${entry.seq}`]);
    break;
  }
  if ((stored.at(-1)?.seq ?? 0) !== lastSeq)
    problems.push(["the log has no gap", `last_seq is ${lastSeq}, the last entry's seq ${stored.at(-1)?.seq}`]);
  return problems;
}

function streamDiffers({ streamed, stored }: SessionFacts): Problem[] {
  const rule = "the stream equals the log";
  const text = (entry: { seq: number; id: string; type: string }) => `${entry.seq} ${entry.type} ${entry.id}`;
  for (let index = 0; index < Math.max(streamed.length, stored.length); index++) {
    const got = streamed[index];
    const is = stored[index];
    if (got && is && text(got) === text(is)) continue;
    return [[rule, `at ${index + 1}: streamed ${got ? text(got) : "nothing"}, stored ${is ? text(is) : "nothing"}`]];
  }
  return [];
}

/** Lists show an event once: a user event where it entered the conversation. */
function listDiffers({ listed, stored }: SessionFacts): Problem[] {
  const echoed = new Set(stored.filter((entry) => entry.echo).map((entry) => entry.id));
  const expected = stored.filter((entry) => entry.echo || !echoed.has(entry.id)).map((entry) => entry.id);
  const index = expected.findIndex((id, at) => listed[at] !== id);
  if (index < 0 && listed.length === expected.length) return [];
  return [
    [
      "the list equals the log",
      `at ${index < 0 ? expected.length : index}: ${listed[index]} instead of ${expected[index]}`,
    ],
  ];
}

function notProcessedOnce({ accepted, stored }: SessionFacts): Problem[] {
  const rule = "what was accepted is processed once";
  const problems: Problem[] = [];
  for (const { id, type } of accepted) {
    const rows = stored.filter((entry) => entry.id === id);
    const first = rows.filter((entry) => !entry.echo);
    const echoes = rows.filter((entry) => entry.echo);
    if (first.length !== 1) problems.push([rule, `${type} ${id} is stored ${first.length} times`]);
    else if (!first[0]?.processed) problems.push([rule, `${type} ${id} was never processed`]);
    if (echoes.length > 1) problems.push([rule, `${type} ${id} entered the conversation ${echoes.length} times`]);
  }
  const known = new Set(accepted.map(({ id }) => id));
  const messages = stored.filter((entry) => entry.type.startsWith("user.") && !entry.echo);
  for (const entry of messages) {
    if (!known.has(entry.id)) problems.push([rule, `${entry.type} ${entry.id} is stored, and nobody was told so`]);
  }
  return problems;
}

function isCall(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_use";
}

function resultOf(call: StoredEntry, stored: readonly StoredEntry[]): StoredEntry[] {
  return stored.filter((entry) => entry.type === "agent.tool_result" && entry.payload.tool_use_id === call.id);
}

function callsWithoutOneResult({ stored }: SessionFacts): Problem[] {
  return stored.filter(isCall).flatMap((call): Problem[] => {
    const results = resultOf(call, stored);
    if (results.length === 1) return [];
    return [["a call has one result", `${call.id} at ${call.seq} has ${results.length}`]];
  });
}

function spansWithoutOneEnd({ stored }: SessionFacts): Problem[] {
  const ends = stored.filter((entry) => entry.type === "span.model_request_end");
  return stored
    .filter((entry) => entry.type === "span.model_request_start")
    .flatMap((start): Problem[] => {
      const count = ends.filter((end) => end.payload.model_request_start_id === start.id).length;
      return count === 1 ? [] : [["a model request ends once", `${start.id} at ${start.seq} has ${count} ends`]];
    });
}

function isInDoubt(entry: StoredEntry): boolean {
  return entry.type === "agent.tool_result" && JSON.stringify(entry.payload.content ?? "").includes("may have run");
}

function effectsNotOnce({ stored, effects }: SessionFacts): Problem[] {
  const rule = "a tool's effect happens once";
  const problems: Problem[] = [];
  const called = new Set<string>();
  for (const call of stored.filter(isCall)) {
    const [result] = resultOf(call, stored);
    const succeeded = result !== undefined && result.payload.is_error === false;
    for (const [marker] of JSON.stringify(call.payload.input ?? {}).matchAll(MARKER)) {
      if (called.has(marker)) problems.push([rule, `${marker} was called twice`]);
      called.add(marker);
      const count = effects.get(marker) ?? 0;
      if (count > 1) problems.push([rule, `${marker} happened ${count} times`]);
      if (count === 0 && succeeded) problems.push([rule, `${marker} did not happen, and its result says that it did`]);
    }
  }
  for (const marker of effects.keys()) {
    if (!called.has(marker)) problems.push([rule, `${marker} happened, and nobody called it`]);
  }
  return problems;
}

function stuck({ status, leased, waiting, stored }: SessionFacts): Problem[] {
  const rule = "no session is stuck";
  const problems: Problem[] = [];
  if (status !== "idle") problems.push([rule, `its status is ${status}`]);
  if (leased) problems.push([rule, "it is still leased"]);
  if (waiting) problems.push([rule, "it still has work"]);
  const last = stored.findLast((entry) => entry.type === "session.status_idle");
  const reason = JSON.stringify(last?.payload.stop_reason ?? null);
  if (last && !reason.includes("end_turn")) problems.push([rule, `it stopped with ${reason}`]);
  for (const entry of stored.filter(({ type }) => type === "session.error")) {
    // A retry that is announced is how a fault of the gateway should look.
    if (JSON.stringify(entry.payload).includes('"retrying"')) continue;
    problems.push(["no turn fails", `${entry.seq}: ${JSON.stringify(entry.payload.error)}`]);
  }
  return problems;
}

function judgeProcess({
  part,
  rssMbBefore,
  rssMbAfter,
  fdsBefore,
  fdsAfter,
}: ChaosFacts["processes"][number]): Finding[] {
  const findings: Finding[] = [];
  const limitMb = rssMbBefore * RSS_GROWTH.factor + RSS_GROWTH.extraMb;
  if (rssMbAfter > limitMb)
    findings.push({ rule: "memory comes back", where: part, what: `${rssMbBefore} MB before, ${rssMbAfter} MB after` });
  if (fdsAfter > fdsBefore + FD_GROWTH)
    findings.push({ rule: "descriptors come back", where: part, what: `${fdsBefore} before, ${fdsAfter} after` });
  return findings;
}
