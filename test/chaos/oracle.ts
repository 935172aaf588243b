// Judges a chaos run from outside, by what clients saw, what is stored and what the tools did. Pure; an empty list means that every promise held.
import type { ChaosFacts, Finding, SessionFacts } from "./facts.ts";
import { isCall, resultOf } from "./file-states.ts";
import { copyDiffers, ownFrom, promptsDiffer, rewindsNotOnce } from "./oracle-conversation.ts";
import {
  effectsNotOnce,
  isInDoubt,
  keptIsLost,
  notAsTold,
  notExact,
  receiptsWrong,
  statesOf,
} from "./oracle-effects.ts";

/** A process that runs again grows a little: caches, pools. More than this is a leak. */
const RSS_GROWTH = { factor: 1.7, extraMb: 60 };
export const FD_GROWTH = 24;

export function judge(facts: ChaosFacts): Finding[] {
  return [
    ...facts.sessions.flatMap((session) => judgeSession(session, facts.sessions)),
    ...unknownSessions(facts),
    ...deletedAndThere(facts),
    ...rowsNotOnce(facts),
    ...strays(facts),
    ...facts.processes.flatMap(judgeProcess),
    ...facts.leftovers.map((what) => ({ rule: "nothing is left", where: "machine", what })),
  ];
}

/** Calls whose result says that the truth is not known. */
export function countInDoubt(facts: ChaosFacts): number {
  return facts.sessions.reduce((sum, { stored }) => sum + stored.filter(isInDoubt).length, 0);
}

/** Receipts of files that came back from a snapshot, after a disk was lost. */
export function countRestores(facts: ChaosFacts): number {
  const own = facts.sessions.flatMap((one) => one.stored.filter(({ seq }) => seq > ownFrom(one)));
  return own.filter(({ type }) => type === "session.restored").length;
}

function judgeSession(session: SessionFacts, sessions: readonly SessionFacts[]): Finding[] {
  const where = `${session.id} (${session.kind})`;
  const states = statesOf(session, sessions);
  const problems = [
    ...gaps(session),
    ...streamDiffers(session),
    ...listDiffers(session),
    ...notProcessedOnce(session),
    ...callsWithoutOneResult(session),
    ...spansWithoutOneEnd(session),
    ...effectsNotOnce(session, states),
    ...keptIsLost(session, states),
    ...notAsTold(session),
    ...notExact(session, states),
    ...receiptsWrong(session),
    ...rewindsNotOnce(session),
    ...copyDiffers(session, sessions),
    ...promptsDiffer(session),
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

function notProcessedOnce(session: SessionFacts): Problem[] {
  const { accepted, stored } = session;
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
  const from = ownFrom(session);
  const messages = stored.filter((entry) => entry.type.startsWith("user.") && !entry.echo && entry.seq > from);
  for (const entry of messages) {
    if (!known.has(entry.id)) problems.push([rule, `${entry.type} ${entry.id} is stored, and nobody was told so`]);
  }
  return problems;
}

/** What was under way in the source when it was copied ended there, and is judged there. */
function callsWithoutOneResult(session: SessionFacts): Problem[] {
  const { stored } = session;
  const from = ownFrom(session);
  const own = stored.filter((entry) => isCall(entry) && entry.seq > from);
  return own.flatMap((call): Problem[] => {
    const results = resultOf(call, stored);
    if (results.length === 1) return [];
    return [["a call has one result", `${call.id} at ${call.seq} has ${results.length}`]];
  });
}

function spansWithoutOneEnd(session: SessionFacts): Problem[] {
  const { stored } = session;
  const from = ownFrom(session);
  const ends = stored.filter((entry) => entry.type === "span.model_request_end");
  return stored
    .filter((entry) => entry.type === "span.model_request_start" && entry.seq > from)
    .flatMap((start): Problem[] => {
      const count = ends.filter((end) => end.payload.model_request_start_id === start.id).length;
      return count === 1 ? [] : [["a model request ends once", `${start.id} at ${start.seq} has ${count} ends`]];
    });
}

function stuck(session: SessionFacts): Problem[] {
  const { status, leased, waiting, stored } = session;
  const rule = "no session is stuck";
  const problems: Problem[] = [];
  if (status !== "idle") problems.push([rule, `its status is ${status}`]);
  if (leased) problems.push([rule, "it is still leased"]);
  if (waiting) problems.push([rule, "it still has work"]);
  const last = stored.findLast((entry) => entry.type === "session.status_idle");
  const reason = JSON.stringify(last?.payload.stop_reason ?? null);
  if (last && !reason.includes("end_turn")) problems.push([rule, `it stopped with ${reason}`]);
  const from = ownFrom(session);
  for (const entry of stored.filter(({ type, seq }) => type === "session.error" && seq > from)) {
    // A retry that is announced is how a fault of the gateway should look.
    if (JSON.stringify(entry.payload).includes('"retrying"')) continue;
    problems.push(["no turn fails", `${entry.seq}: ${JSON.stringify(entry.payload.error)}`]);
  }
  return problems;
}

/** What a tool did outside of its sandbox happened once, where its result says so; and at most once, whatever became of the result. */
function rowsNotOnce({ rows, sessions }: ChaosFacts): Finding[] {
  const rule = "a request of a tool arrives once";
  const findings: Finding[] = [];
  for (const [marker, count] of rows) {
    if (count > 1) findings.push({ rule, where: marker, what: `it arrived ${count} times` });
  }
  for (const { id, kind, effects } of sessions) {
    if (kind !== "upstream") continue;
    for (const marker of effects.keys())
      if (!rows.has(marker)) findings.push({ rule, where: id, what: `${marker} was answered, and never arrived` });
  }
  return findings;
}

/** Their disks and sandboxes are strays, if they are there. */
function deletedAndThere({ deleted, sessionIds }: ChaosFacts): Finding[] {
  const gone = new Set(deleted);
  return sessionIds
    .filter((id) => gone.has(id))
    .map((id) => ({ rule: "what was deleted is gone", where: id, what: "it is in the database" }));
}

/** A creation that was repeated made one session. */
function unknownSessions({ sessions, sessionIds, deleted }: ChaosFacts): Finding[] {
  const known = new Set([...sessions.map(({ id }) => id), ...deleted]);
  return sessionIds
    .filter((id) => !known.has(id))
    .map((id) => ({
      rule: "what was accepted is processed once",
      where: id,
      what: "a session that nobody was told of",
    }));
}

/** Sandboxes that no session has, that run on a disk which is gone, or two on one disk. */
function strays({ sessionIds, running, disks }: ChaosFacts): Finding[] {
  const rule = "no sandbox is leaked";
  const known = new Set(sessionIds);
  const findings: Finding[] = [];
  for (const name of disks)
    if (!known.has(name)) findings.push({ rule, where: name, what: "its disk is there, and no session has it" });
  for (const [index, { pid, name }] of running.entries()) {
    if (name === null) findings.push({ rule, where: `process ${pid}`, what: "a sandbox runs on a disk that is gone" });
    else if (running.findIndex((one) => one.name === name) < index)
      findings.push({ rule, where: name, what: "two sandboxes run on one disk" });
  }
  return findings;
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
