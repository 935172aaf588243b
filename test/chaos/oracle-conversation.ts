// Sessions that went back, and copies of sessions: what the model was sent is the conversation that the log tells of, and no other.
import { type SessionFacts, type StoredEntry, TAG } from "./facts.ts";

type Problem = readonly [rule: string, what: string];

/** Entries up to `session.forked` are the source's. Zero: it is no copy. */
export function ownFrom({ forkOf, stored }: Pick<SessionFacts, "forkOf" | "stored">): number {
  return forkOf ? (stored.findLast(({ type }) => type === "session.forked")?.seq ?? 0) : 0;
}

/** Every rewind that a client was told of is in the log once, and no other is. */
export function rewindsNotOnce(session: SessionFacts): Problem[] {
  const from = ownFrom(session);
  const is = session.stored
    .filter(({ type, seq }) => type === "session.rewound" && seq > from)
    .map(({ payload }) => String(payload.event_id));
  if (is.join() === session.rewinds.join()) return [];
  return [["a rewind happens once", `acknowledged: ${session.rewinds.join(", ")}; in the log: ${is.join(", ")}`]];
}

/** A copy begins with its source's log before the message, entry by entry. */
export function copyDiffers(session: SessionFacts, sessions: readonly SessionFacts[]): Problem[] {
  const rule = "a fork begins as its source was";
  const { forkOf, stored } = session;
  if (!forkOf) return [];
  const source = sessions.find(({ id }) => id === forkOf.sessionId);
  if (!source) return [[rule, `its source ${forkOf.sessionId} is not there`]];
  const from = ownFrom(session);
  if (from === 0) return [[rule, "it does not say so"]];
  const place = source.stored.find(({ id, echo }) => echo && id === forkOf.eventId)?.seq ?? Number.POSITIVE_INFINITY;
  const copied = stored.filter(({ seq }) => seq < from && seq < place);
  if (Number.isFinite(place) && copied.length !== place - 1)
    return [[rule, `it has ${copied.length} entries of the ${place - 1} before the message`]];
  for (const entry of copied) {
    const original = source.stored[entry.seq - 1];
    // What waited in the source was not said here.
    if (isWithdrawn(entry) && !(original && isWithdrawn(original))) continue;
    if (original && sameText(entry) === sameText(original)) continue;
    return [[rule, `at ${entry.seq}: ${entry.type} ${entry.id}, there ${original?.type} ${original?.id}`]];
  }
  return [];
}

function isWithdrawn({ echo, payload }: StoredEntry): boolean {
  return echo && payload.withdrawn === true;
}

function sameText({ id, type, echo, payload }: StoredEntry): string {
  return JSON.stringify([id, type, echo, payload]);
}

type Said = { seq: number; id: string; tag: string };

/** The last message of a request tells where in the log it belongs: it holds just what was said, and not taken back, up to there. */
export function promptsDiffer({ stored, prompts }: SessionFacts): Problem[] {
  const rule = "the model is sent the conversation";
  const expected = conversationsOf(stored);
  for (const prompt of prompts) {
    const last = prompt.at(-1) ?? "";
    const right = expected.get(last);
    if (!right) return [[rule, `${last} was sent, and is not in the log`]];
    // A summary may stand for what came first.
    const sent = prompt.join(" ");
    const fits = right.compacted ? right.tags.join(" ").endsWith(sent) : right.tags.join(" ") === sent;
    if (!fits) return [[rule, `with ${last}: sent ${sent}; said ${right.tags.join(" ")}`]];
  }
  return [];
}

/** For each message that the agent read: the tags of the conversation with it as its end. */
function conversationsOf(stored: readonly StoredEntry[]): Map<string, { tags: string[]; compacted: boolean }> {
  const conversations = new Map<string, { tags: string[]; compacted: boolean }>();
  let said: Said[] = [];
  let compacted = false;
  for (const entry of stored) {
    if (entry.type === "agent.thread_context_compacted") compacted = true;
    if (entry.type === "session.rewound") {
      const to = said.find(({ id }) => id === entry.payload.event_id)?.seq ?? 0;
      said = said.filter(({ seq }) => seq < to);
    }
    if (entry.type !== "user.message" || !entry.echo || entry.payload.withdrawn === true) continue;
    const tag = JSON.stringify(entry.payload.content ?? "").match(TAG)?.[0];
    if (!tag) continue;
    said.push({ seq: entry.seq, id: entry.id, tag });
    conversations.set(tag, { tags: said.map((one) => one.tag), compacted });
  }
  return conversations;
}
