// What happened to a session: who held it, its sandbox, its states and failures, with durations. Berth's own addition.
import { z } from "zod";
import { listQuery } from "./fields.ts";

/**
 * `hold`: a worker had the session; `detail.how` tells how that ended: `rested` (nothing left to do), `waits` (to be tried again later),
 * `handed_over` (the worker stopped), `failed`, `worker_died`, `lease_ran_out`.
 * `sandbox_started`: `detail.how` is `made`, `woken` or `disk_lost` (another disk under the same name) · `sandbox_hibernated`: its processes ended.
 * `waits_for_place`: its team runs `detail.of` sessions at once, as many as it may; `ended_at` null: it still waits.
 * All others are the types of the log's entries that `event_id` names.
 */
export const timelineEntry = z.strictObject({
  type: z.literal("timeline_entry"),
  kind: z.string(),
  started_at: z.iso.datetime(),
  /** Null: it is a moment, or not over yet. */
  ended_at: z.iso.datetime().nullable(),
  duration_ms: z.number().nullable(),
  /** Of a hold: rises with each claim. */
  epoch: z.int().nullable(),
  worker_id: z.string().nullable(),
  event_id: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

/** Newest first unless `order=asc`. */
export const timelineQuery = z.strictObject({ ...listQuery, order: z.enum(["asc", "desc"]).optional() });
export type TimelineQuery = z.infer<typeof timelineQuery>;
