// What is running now: sessions by state, the queue, workers, sandboxes, the database. Berth's own addition.
import { z } from "zod";

/** Sessions in one overview, those that began first. */
export const MAX_ACTIVE = 200;

const count = z.int();
export const activeSession = z.strictObject({
  id: z.string(),
  title: z.string().nullable(),
  agent: z.strictObject({ id: z.string(), name: z.string() }),
  /** `queued`: something was sent, and no worker has it yet. `retrying`: the model failed, or has too much to do, and is asked again later. */
  state: z.enum(["queued", "running", "retrying"]),
  /** Since when it is queued, or runs. */
  since: z.iso.datetime(),
  /** While it is queued: its team runs so many sessions at once, and may run no more. */
  team_limit: count.nullable(),
  worker_id: z.string().nullable(),
  /** Until when the worker holds it without a further sign of life. */
  lease_until: z.iso.datetime().nullable(),
  /** Times in a row that its worker died or failed at it. */
  failed_claims: count,
  sandbox: z.strictObject({ state: z.enum(["running", "hibernated"]), memory_bytes: count.nullable() }).nullable(),
});
export type ActiveSession = z.infer<typeof activeSession>;

export const overviewQuery = z.strictObject({
  /** Waits, at most 25 seconds, until the size of the data directory is known. */
  measured: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
});

export const overview = z.strictObject({
  type: z.literal("overview"),
  /** Of this team, archived ones left out. */
  sessions: z.strictObject({
    running: count,
    waiting_for_you: count,
    waiting_for_program: count,
    idle: count,
    terminated: count,
  }),
  queue: z.strictObject({
    /** Sessions with work that no worker has begun. */
    length: count,
    oldest_seconds: z.number().nullable(),
  }),
  workers: z.array(
    z.strictObject({
      id: z.string(),
      hostname: z.string(),
      version: z.string(),
      started_at: z.iso.datetime(),
      seen_seconds_ago: z.number(),
      running: count,
      concurrency: count.nullable(),
    }),
  ),
  sandboxes: z.strictObject({
    running: count,
    hibernated: count,
    /** Null where the backend does not tell. */
    memory_bytes: count.nullable(),
    /** Why the backend could not be asked; null when it answered. */
    problem: z.string().nullable(),
  }),
  database: z.strictObject({ size_bytes: count, connections: count }),
  /** Where this web process keeps its data; null where it keeps none. The size is of what it may read, a few minutes old at most. */
  data_directory: z.strictObject({ path: z.string(), size_bytes: count.nullable() }).nullable(),
  active: z.array(activeSession),
});
export type Overview = z.infer<typeof overview>;
