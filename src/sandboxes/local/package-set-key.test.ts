// Which lists are one installation, and which are not.
import { expect, test } from "vitest";
import { packageSetKey, systemIdentity } from "./package-set-key.ts";

const set = { teamId: "team_1", lists: { pip: ["a", "b"], npm: ["c"] } };
const key = packageSetKey(set, "debian");

test.each([
  ["the same in another order", { ...set, lists: { npm: ["c"], pip: ["b", "a", "a"], gem: [] } }, "debian", true],
  ["another team", { ...set, teamId: "team_2" }, "debian", false],
  ["another version", { ...set, lists: { pip: ["a", "b==2"], npm: ["c"] } }, "debian", false],
  ["another manager", { ...set, lists: { npm: ["a", "b"], pip: ["c"] } }, "debian", false],
  ["an upgraded system", set, "debian again", false],
])("%s", (_, other, system, same) => expect(packageSetKey(other, system) === key).toBe(same));

test("a system stays itself", () => expect(systemIdentity()).toBe(systemIdentity()));
