// The form of a team's networking, and how it becomes what the API takes. Pure.
import type { Networking } from "../../../contract/environments.ts";
import type { TeamNetworking, UpdateTeamNetworkingInput } from "../../../contract/team-networking.ts";
import {
  findHostsProblem,
  type NetworkingDraft,
  toNetworking,
  toNetworkingDraft,
} from "../../environments/networking-draft.ts";

/** `own` false: what the server says. */
export type PartDraft = NetworkingDraft & { own: boolean };
export type TeamNetworkingDraft = { default: PartDraft; ceiling: PartDraft };
export type TeamNetworkingProblems = Partial<Record<keyof TeamNetworkingDraft, string>>;

export function toDraft(saved: TeamNetworking): TeamNetworkingDraft {
  return { default: toPart(saved.default), ceiling: toPart(saved.ceiling) };
}

/** Null when the draft can be sent; the server has the last word. */
export function findProblems(draft: TeamNetworkingDraft): TeamNetworkingProblems | null {
  const problems: TeamNetworkingProblems = {};
  for (const part of ["default", "ceiling"] as const) {
    const problem = draft[part].own ? findHostsProblem(draft[part]) : null;
    if (problem !== null) problems[part] = problem;
  }
  return Object.keys(problems).length === 0 ? null : problems;
}

export function toUpdate(draft: TeamNetworkingDraft): UpdateTeamNetworkingInput {
  const ceiling = draft.ceiling.own ? toNetworking(draft.ceiling) : null;
  return {
    default: draft.default.own ? toNetworking(draft.default) : null,
    // The form offers no other kind.
    ceiling: ceiling?.type === "limited" ? ceiling : null,
  };
}

/** A part of its own begins with nothing allowed. */
function toPart(networking: Networking | null): PartDraft {
  const start: Networking = {
    type: "limited",
    ...{ allowed_hosts: [], allow_mcp_servers: false, allow_package_managers: false },
  };
  return { own: networking !== null, ...toNetworkingDraft(networking ?? start) };
}
