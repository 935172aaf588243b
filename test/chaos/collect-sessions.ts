// What is known of each session once everything is quiet: from its client, from the API's lists, and straight from the database.
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { MARKER, type SessionFacts, type StoredEntry } from "./facts.ts";
import { request, type Server } from "./patient-client.ts";
import type { Driven } from "./workload.ts";

const REST_LIMIT_MS = 120_000;
const AT_ONCE = 4;

/** Each session's ledger, read by a command in the session; one that can't be read is a complaint. */
export async function readLedgers(driven: readonly Driven[]): Promise<Map<string, string>> {
  const ledgers = new Map<string, string>();
  const read = async (one: Driven) => {
    try {
      ledgers.set(one.sessionId, await one.readLedger());
    } catch (error) {
      one.complaints.push(String(error));
    }
  };
  // Some at a time: the connections of all at once would still be open when the processes are weighed.
  for (let from = 0; from < driven.length; from += AT_ONCE)
    await Promise.all(driven.slice(from, from + AT_ONCE).map(read));
  return ledgers;
}

type SessionRow = { status: string; leased: boolean; waiting: boolean; last_seq: string };

export async function collectSessions(options: {
  server: Server;
  driven: readonly Driven[];
  ledgers: ReadonlyMap<string, string>;
  prompts: ReadonlyMap<string, string[][]>;
  /** Does something with a connection to the database. */
  ask: (act: (client: pg.Client) => Promise<SessionFacts[]>) => Promise<SessionFacts[]>;
}): Promise<SessionFacts[]> {
  const { server, driven, ledgers, prompts, ask } = options;
  return ask(async (client) => {
    const facts: SessionFacts[] = [];
    for (const one of driven) {
      const id = one.sessionId;
      const readSession = async () => {
        const { rows } = await client.query<SessionRow>(
          "select status, lease_owner is not null as leased, wake_at is not null as waiting, last_seq from sessions where id = $1",
          [id],
        );
        return rows[0];
      };
      let session = await readSession();
      const restBy = Date.now() + REST_LIMIT_MS;
      // The lease is given back just after the last event.
      while (session && (session.leased || session.waiting) && Date.now() < restBy) {
        await sleep(100);
        session = await readSession();
      }
      const { rows } = await client.query<{ seq: string } & Omit<StoredEntry, "seq">>(
        "select seq, id, type, echo, payload, processed_at is not null as processed, created_at as at from events where session_id = $1 order by seq",
        [id],
      );
      const stored = rows.map((row) => ({ ...row, seq: Number(row.seq) }));
      const lastSeq = Number(session?.last_seq ?? 0);
      await one.stream
        .waitFor((frames) => (frames.at(-1)?.id ?? 0) >= lastSeq, 10_000, `the stream did not reach ${lastSeq}`)
        .catch((error: unknown) => one.complaints.push(String(error)));
      facts.push({
        id,
        kind: one.kind,
        accepted: one.accepted,
        streamed: one.stream.frames.map((frame) => ({
          seq: frame.id ?? 0,
          id: String(frame.data.id),
          type: frame.type,
        })),
        stored,
        listed: await listAll(server, id),
        status: session?.status ?? "gone",
        leased: session?.leased ?? false,
        waiting: session?.waiting ?? false,
        lastSeq,
        effects: countMarkers(ledgers.get(id) ?? ""),
        ledger: ledgers.has(id) ? "read" : "unreadable",
        losses: one.losses,
        kept: one.kept,
        snapshots: one.snapshots,
        rewinds: one.rewinds,
        forkOf: one.forkOf,
        prompts: prompts.get(id) ?? [],
        complaints: one.complaints,
      });
    }
    return facts;
  });
}

export async function listSessionIds(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>("select id from sessions");
  return rows.map(({ id }) => id);
}

async function listAll(server: Server, sessionId: string): Promise<string[]> {
  const ids: string[] = [];
  let page: string | null = null;
  do {
    const query: string = page ? `&page=${encodeURIComponent(page)}` : "";
    const answer: { data: { id: string }[]; next_page: string | null } = await request(
      server,
      "GET",
      `/v1/sessions/${sessionId}/events?limit=500&order=asc${query}`,
    );
    ids.push(...answer.data.map(({ id }) => id));
    page = answer.next_page;
  } while (page);
  return ids;
}

function countMarkers(ledger: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [marker] of ledger.matchAll(MARKER)) counts.set(marker, (counts.get(marker) ?? 0) + 1);
  return counts;
}
