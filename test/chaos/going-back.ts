// What a client does with a session's past: takes it back, copies it, keeps its files.
import { setTimeout as sleep } from "node:timers/promises";
import { pickFrom } from "../support/seeded.ts";
import type { Accepted, Fork } from "./facts.ts";
import { type PatientStream, Refused, request, type Server } from "./patient-client.ts";

/** A session that rests may be leased for a moment still, or while a snapshot of it is taken. */
const BUSY_LIMIT_MS = 60_000;
/** Twice of what is promised, and time for faults. A snapshot that was wanted and not taken is nobody's loss. */
const KEPT_LIMIT_MS = 25_000;
const SLEEPS_AFTER_MS = 7_000;

type Snapshots = { data: { id: string; seq: number; checked_at: string }[] };
type SnapshotRequest = { state: "requested" | "done"; requested_at: string; snapshot: object | null };

export function createTimeTravel(options: {
  server: Server;
  sessionId: string;
  stream: PatientStream;
  accepted: readonly Accepted[];
  /** These are added to. */
  kept: number[];
  snapshots: Map<string, number>;
  rewinds: string[];
  random: () => number;
  settle: () => Promise<void>;
  /** Each has a sandbox of its own. */
  maxForks: number;
  onFork: (sessionId: string, forkOf: Fork) => void;
}) {
  const { server, sessionId, stream, accepted, kept, snapshots, rewinds, random, settle } = options;
  const at = (what: string) => `/v1/sessions/${sessionId}/${what}`;
  let forks = 0;
  /** Of the first `seen` accepted events. */
  let reachable: string[] = [];
  let seen = 0;

  /** Messages that the agent has read, and that were not taken back. */
  function messages(): string[] {
    const entered = new Map<string, number>();
    for (const { data, type } of stream.frames)
      if (type === "user.message") entered.set(String(data.id), (entered.get(String(data.id)) ?? 0) + 1);
    const isRead = ({ id, type }: Accepted) => type === "user.message" && (entered.get(id) ?? 0) >= 2;
    while (seen < accepted.length) {
      const next = accepted[seen];
      if (!next || (next.type === "user.message" && !isRead(next))) break;
      if (next.type === "user.message") reachable.push(next.id);
      seen += 1;
    }
    return reachable;
  }

  /** Null when it stayed busy. */
  async function once<T>(path: string, body: object, limitMs = BUSY_LIMIT_MS): Promise<T | null> {
    const deadline = Date.now() + limitMs;
    while (Date.now() < deadline) {
      try {
        return await request<T>(server, "POST", path, body);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 409) throw error;
        await sleep(200);
      }
    }
    return null;
  }

  /** Only so many are kept: what is not noted here in time, nobody knows any more. */
  async function listSnapshots(): Promise<Snapshots["data"]> {
    const { data } = await request<Snapshots>(server, "GET", at("snapshots?limit=100"));
    for (const { id, seq } of data) snapshots.set(id, seq);
    return data;
  }

  return {
    listSnapshots,

    /** False: there is nothing to go back to. */
    async rewind(): Promise<boolean> {
      const known = messages();
      if (known.length < 2) return false;
      const eventId = pickFrom(random, known.slice(-4));
      const rewound = await once(at("rewind"), { event_id: eventId });
      if (!rewound) throw new Error(`${sessionId}: at rest, and it could not be rewound`);
      rewinds.push(eventId);
      reachable = known.slice(0, known.indexOf(eventId));
      const told = () => stream.frames.filter(({ type }) => type === "session.rewound").length === rewinds.length;
      await stream.waitFor(told, BUSY_LIMIT_MS, "no word of the rewind");
      await listSnapshots();
      return true;
    },

    async fork(): Promise<void> {
      const known = messages();
      const eventId = random() < 0.5 ? pickFrom(random, known.length > 0 ? known : [null]) : null;
      if (forks >= options.maxForks) return;
      if (eventId === null) await settle();
      forks += 1;
      const made = await once<{ id: string }>(at("fork"), eventId === null ? {} : { event_id: eventId });
      if (!made) throw new Error(`${sessionId}: at rest, and it could not be forked`);
      await listSnapshots();
      options.onFork(made.id, { sessionId, eventId });
    },

    /** Asks for a snapshot and waits for it; or rests until the sandbox sleeps. */
    async keepFiles(): Promise<void> {
      if (random() < 0.2) return void (await sleep(SLEEPS_AFTER_MS));
      if (random() < 0.4 && kept.length > 0) return;
      const through = stream.frames.at(-1)?.id ?? 0;
      const asked = await once<SnapshotRequest>(at("snapshots"), {}, KEPT_LIMIT_MS);
      if (!asked) return;
      if (asked.state === "done") {
        if (asked.snapshot) kept.push(through);
        return;
      }
      const deadline = Date.now() + KEPT_LIMIT_MS;
      while (Date.now() < deadline) {
        const [newest] = await listSnapshots();
        if (newest && newest.checked_at >= asked.requested_at) return void kept.push(through);
        await sleep(300);
      }
    },
  };
}
