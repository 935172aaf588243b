// `/v1/sessions/{id}/snapshots`: what is kept of a session's files. Berth's own addition.
import { snapshotObject, snapshotRequest, snapshotsQuery } from "../contract/snapshots.ts";
import type { ListedSnapshots } from "../sessions/listed-snapshots.ts";
import { pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

export function snapshotRoutes(routes: Routes, snapshots: ListedSnapshots): void {
  const path = "/v1/sessions/{session_id}/snapshots";
  const tag = "Files (Berth)";
  routes.read(
    {
      method: "get",
      path,
      tag,
      summary: "List the snapshots of a session's files",
      description:
        "Newest first. Only whole ones are listed. `state` is `current` for the one that the files were last taken to, or restored from; `checked_at` says when they were last found to be just these. `changes` says which files are different from the snapshot before: how many were added, changed and removed, and the first names of each.",
      query: snapshotsQuery,
      answer: pageOf(snapshotObject),
    },
    ({ teamId, params, query }) => snapshots.list(teamId, params("session_id"), query),
  );
  routes.change(
    {
      method: "post",
      path,
      tag,
      summary: "Take a snapshot of a session's files now",
      description:
        "`requested`: a worker takes it within some ten seconds, and nothing in the sandbox is ended for that. It is taken when the newest of the list has a `checked_at` of `requested_at` or later: files that did not change get none of their own. `done`: the sandbox sleeps, and `snapshot` is what is on its disk. 409 while the session runs, and without a sandbox. With the blob store away it waits; `/readyz` says so.",
      answer: snapshotRequest,
    },
    (tx, { teamId, params }) => snapshots.request(tx, teamId, params("session_id")),
  );
}
