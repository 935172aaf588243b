// A team's networking is shown as it is, and what the form makes of it the API takes.
import { expect, test } from "vitest";
import { type TeamNetworking, updateTeamNetworkingInput } from "../../../contract/team-networking.ts";
import { findProblems, toDraft, toUpdate } from "./team-networking-draft.ts";

const limited = {
  type: "limited" as const,
  ...{ allow_mcp_servers: true, allow_package_managers: false, allowed_hosts: ["a.example", "*.b.example"] },
};
const open = { type: "unrestricted" as const };
const saved = (own: Pick<TeamNetworking, "default" | "ceiling">): TeamNetworking => ({
  type: "team_networking",
  ...own,
  server: { default: open, ceiling: open },
  effective: { default: open, ceiling: open },
  updated_at: null,
});

test.each([
  { default: null, ceiling: null },
  { default: open, ceiling: limited },
  { default: limited, ceiling: null },
])("saving what nobody touched changes nothing: %j", (own) => {
  const draft = toDraft(saved(own));
  expect(findProblems(draft)).toBeNull();
  expect(updateTeamNetworkingInput.parse(toUpdate(draft))).toEqual(own);
});

test("what is wrong is told at its part; a part that is the server's is not looked at", () => {
  const draft = toDraft(saved({ default: null, ceiling: limited }));
  const wrong = { ...draft.ceiling, allowedHosts: "git.example:99999" };
  expect(findProblems({ ...draft, ceiling: wrong })).toEqual({ ceiling: expect.stringContaining("holds a port") });
  expect(findProblems({ ...draft, ceiling: { ...wrong, own: false } })).toBeNull();
});
