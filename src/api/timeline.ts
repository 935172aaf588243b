// `/v1/sessions/{id}/timeline`: what happened to a session. Berth's own addition.
import { timelineEntry, timelineQuery } from "../contract/timeline.ts";
import type { ReadTimeline } from "../sessions/timeline.ts";
import { pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

export function timelineRoutes(routes: Routes, readTimeline: ReadTimeline): void {
  routes.read(
    {
      method: "get",
      path: "/v1/sessions/{session_id}/timeline",
      tag: "Operation (Berth)",
      summary: "Read what happened to a session",
      description:
        "Who held it and how that ended, starts and hibernations of its sandbox, states, errors and retries, with durations; newest first. Kept for 30 days.",
      query: timelineQuery,
      answer: pageOf(timelineEntry),
    },
    ({ teamId, params, query }) => readTimeline(teamId, params("session_id"), query),
  );
}
