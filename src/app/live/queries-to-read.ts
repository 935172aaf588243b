// Which queries of this tab a change makes out of date, by the beginnings of their keys. Pure.
import type { TeamChange } from "../../client/stream-sessions.ts";

const RESTING: ReadonlySet<string> = new Set(["idle", "terminated"]);

type Keys = readonly (readonly string[])[];

/** Sessions come with their change and are patched; everything else is read again. What a session's files were is told by its session. */
export function queriesToRead(change: TeamChange): Keys {
  switch (change.type) {
    case "agent_changed":
      return [["agents"], ["agent", change.id], ["agent-versions", change.id]];
    case "environment_changed":
      return [["environments"], ["environment", change.id], ["team-networking"]];
    case "vault_changed":
      return [["vaults"], ["vault", change.id], ["credentials", change.id]];
    case "api_key_changed":
      return [["api-keys"]];
    case "session_changed":
      // Snapshots are taken while it rests.
      return RESTING.has(change.session.status) ? [["snapshots", change.session.id]] : [];
    case "resync":
      return everything;
    default:
      return [];
  }
}

const everything: Keys = [
  ["sessions"],
  ["session"],
  ["snapshots"],
  ["waiting-calls"],
  ["agents"],
  ["agent"],
  ["agent-versions"],
  ["environments"],
  ["environment"],
  ["team-networking"],
  ["vaults"],
  ["vault"],
  ["credentials"],
  ["api-keys"],
];
