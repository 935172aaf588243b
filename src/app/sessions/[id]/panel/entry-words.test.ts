// What an operator reads of a session's history.
import { expect, test } from "vitest";
import type { TimelineEntry } from "../../../../contract/timeline.ts";
import { entryWords } from "./entry-words.ts";

const entry = (kind: string, detail: Record<string, unknown> = {}): TimelineEntry => ({
  type: "timeline_entry",
  kind,
  started_at: "2026-01-01T00:00:00.000Z",
  ended_at: null,
  duration_ms: null,
  epoch: 3,
  worker_id: null,
  event_id: null,
  detail,
});

test.each<[TimelineEntry, ReturnType<typeof entryWords>]>([
  [entry("hold", { how: "rested" }), { title: "Held, lease 3", detail: "nothing was left to do", trouble: false }],
  [entry("hold", { how: "worker_died" }), { title: "Held, lease 3", detail: "the worker died", trouble: true }],
  [entry("sandbox_started", { how: "woken" }), { title: "Sandbox woken", detail: null, trouble: false }],
  [
    entry("sandbox_started", { how: "disk_lost" }),
    { title: "Sandbox made anew: its disk was lost", detail: null, trouble: true },
  ],
  [
    entry("session.status_idle", { stop_reason: { type: "requires_action" } }),
    { title: "Idle", detail: "requires action", trouble: false },
  ],
  [
    entry("session.status_idle", { stop_reason: { type: "end_turn" } }),
    { title: "Idle", detail: null, trouble: false },
  ],
  [
    entry("session.error", { error: { message: "The gateway refused the key." } }),
    { title: "Error", detail: "The gateway refused the key.", trouble: true },
  ],
  [
    entry("session.status_rescheduled", { reason: "worker_changed" }),
    { title: "Taken up by another worker", detail: null, trouble: false },
  ],
  [
    entry("session.status_rescheduled", { reason: "model_busy" }),
    { title: "Waits for its turn at the model", detail: null, trouble: false },
  ],
  [entry("session.status_rescheduled"), { title: "Tried again later", detail: null, trouble: false }],
  [
    entry("waits_for_place", { limit: "sessions", of: 3 }),
    {
      title: "Waited for a place",
      detail: "its team runs 3 sessions at once: wait until one has ended, or raise BERTH_TEAM_SESSIONS",
      trouble: false,
    },
  ],
  [
    entry("session.packages", { status: "installing", manager: "pip", packages: ["a", "b", "c", "d", "e", "f", "g"] }),
    { title: "Packages are being installed: pip", detail: "a, b, c, d, e and 2 more", trouble: false },
  ],
  [
    entry("session.packages", { status: "ready", duration_ms: 4_200 }),
    { title: "Packages installed", detail: "in 4.2 s", trouble: false },
  ],
  [
    entry("session.repository", {
      status: "cloning",
      repository_url: "https://a.example/b/c",
      mount_path: "/workspace/c",
    }),
    { title: "Repository is being cloned", detail: "https://a.example/b/c to /workspace/c", trouble: false },
  ],
  [
    entry("session.repository", {
      ...{ status: "ready", repository_url: "https://a.example/b/c", mount_path: "/workspace/c" },
      duration_ms: 900,
    }),
    { title: "Repository is there", detail: "https://a.example/b/c at /workspace/c, in 900 ms", trouble: false },
  ],
  [
    entry("session.error", { error: { type: "repository_not_found_error", message: "Its host does not know it." } }),
    { title: "Repository not cloned: it is not found", detail: "Its host does not know it.", trouble: true },
  ],
  [
    entry("session.error", { error: { type: "unknown_error", message: "No such package.", environment_id: "env_1" } }),
    { title: "Packages not installed", detail: "No such package.", trouble: true },
  ],
  [
    entry("session.error", { error: { type: "unknown_error", message: "3 of its 9 tools.", mcp_server_name: "a" } }),
    { title: "Tools of an MCP server left out", detail: "3 of its 9 tools.", trouble: true },
  ],
  [
    entry("session.error", { error: { type: "mcp_authentication_failed_error", message: "It was refused." } }),
    { title: "Credential could not be used", detail: "It was refused.", trouble: true },
  ],
  [
    entry("session.egress_refused", { host: "a.example", rule: "host_mismatch" }),
    {
      title: "Suspicious request refused",
      detail: "a.example: the names in TLS, Host and CONNECT differ",
      trouble: true,
    },
  ],
  [entry("session.egress_refused"), { title: "Suspicious request refused", detail: null, trouble: true }],
  // Of a later release: never the bare names of its own.
  [entry("hold", { how: "was_moved" }), { title: "Held, lease 3", detail: "was moved", trouble: false }],
  [
    entry("session.of_a_later_release", { error: null }),
    { title: "Something that this page has no words for", detail: "session of a later release", trouble: false },
  ],
  [entry("toString"), { title: "Something that this page has no words for", detail: "toString", trouble: false }],
])("%j", (given, words) => expect(entryWords(given)).toEqual(words));
