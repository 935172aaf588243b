// What lies above an environment: the server's ceiling, and its team's. A host is reached only where both allow it. Pure.
import { allowingRule, type OtherHosts } from "./allowing-rule.ts";
import type { Networking } from "./environments.ts";

export type Ceilings = {
  /** The server's. */
  ceiling: Networking;
  /** Null: the team has none of its own. */
  teamCeiling: Networking | null;
};

export type CeilingRule = "networking_ceiling" | "team_ceiling";

/** Which of them refuses a host, in words for whoever asked; null: none. */
export function refusingCeiling(
  { ceiling, teamCeiling }: Ceilings,
  host: string,
  others: OtherHosts,
): { rule: CeilingRule; message: string } | null {
  // First: whoever is refused by it need not ask the team.
  if (allowingRule(ceiling, host, others) === null)
    return {
      rule: "networking_ceiling",
      message: `${host} is more than this server allows any environment. Only its operator can change that (BERTH_NETWORKING_CEILING).`,
    };
  if (teamCeiling !== null && allowingRule(teamCeiling, host, others) === null)
    return {
      rule: "team_ceiling",
      message: `${host} is more than this team allows any environment. The team can change that (Settings, Networking).`,
    };
  return null;
}
