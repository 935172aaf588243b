// What a session may reach is known for two seconds, and not at all without an answer.
import { expect, it } from "vitest";
import type { Policy } from "./decide.ts";
import { createPolicyCache } from "./policy-cache.ts";

const policy: Policy = {
  teamId: "t",
  sessionId: "s",
  networking: { type: "unrestricted" },
  ceiling: { type: "unrestricted" },
  teamCeiling: null,
};

it("asks once for two seconds, then anew; what is nobody's is asked for each time; a failure refuses and is not kept", async () => {
  let now = 0;
  let asked = 0;
  let answer: () => Promise<Policy | null> = async () => null;
  const read = createPolicyCache({
    identity: "i",
    now: () => now,
    read: (identity) => {
      asked += 1;
      expect(identity).toBe("i");
      return answer();
    },
  });
  expect(await read()).toBeNull();
  answer = async () => policy;
  expect(await read()).toBe(policy);
  expect(asked).toBe(2);
  now = 1_999;
  expect(await read()).toBe(policy);
  expect(asked).toBe(2);
  now = 2_000;
  answer = () => Promise.reject(new Error("away"));
  await expect(read()).rejects.toMatchObject({ rule: "policy_unavailable", status: 503 });
  answer = async () => policy;
  expect(await read()).toBe(policy);
  expect(asked).toBe(4);
});
