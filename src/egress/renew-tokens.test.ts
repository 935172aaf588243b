import { expect, it } from "vitest";
import type { RefreshOutcome } from "../secrets/refresh-token.ts";
import type { SessionCredential } from "../secrets/session-credentials.ts";
import { createRenewTokens } from "./renew-tokens.ts";

const credential = (id: string, version = 1) => ({ id, version }) as SessionCredential;
const failure: RefreshOutcome = { did: "failed", problem: "The token endpoint answered 500.", final: false };

function world(answer: () => Promise<RefreshOutcome>) {
  const asked: string[] = [];
  let nowMs = 1_000;
  const renew = createRenewTokens({
    refreshToken: (_, { id, version }) => {
      asked.push(`${id}.${version}`);
      return answer();
    },
    clock: { now: () => nowMs, sleep: async () => undefined },
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { renew, asked, pass };
}

it("C26: many requests that need one token ask once, and all get the answer", async () => {
  const { renew, asked } = world(async () => ({ did: "changed" }));
  const outcomes = await Promise.all(["s1", "s1", "s2"].map((session) => renew(session, credential("a"))));
  expect(outcomes.map(({ did }) => did)).toEqual(["changed", "changed", "changed"]);
  expect(asked).toEqual(["a.1"]);
  await renew("s1", credential("a", 2));
  expect(asked).toEqual(["a.1", "a.2"]);
});

it("one that failed is not asked again for ten seconds, unless the credential is changed", async () => {
  const { renew, asked, pass } = world(async () => failure);
  expect(await renew("s", credential("a"))).toEqual(failure);
  pass(9_999);
  expect(await renew("s", credential("a"))).toEqual(failure);
  expect(asked).toHaveLength(1);
  await renew("s", credential("a", 2));
  pass(1);
  await renew("s", credential("a"));
  expect(asked).toEqual(["a.1", "a.2", "a.1"]);
});

it("an error is thrown to all who wait, and the next one asks anew", async () => {
  let broken = true;
  const { renew, asked } = world(async () => {
    if (broken) throw new Error("no database");
    return { did: "changed" };
  });
  const both = await Promise.allSettled([renew("s", credential("a")), renew("s", credential("a"))]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  broken = false;
  expect(await renew("s", credential("a"))).toEqual({ did: "changed" });
  expect(asked).toHaveLength(2);
});

it("slow endpoints hold few connections: four at once, the others in turn", async () => {
  const ends: (() => void)[] = [];
  const { renew, asked } = world(() => new Promise((resolve) => ends.push(() => resolve({ did: "changed" }))));
  const all = Array.from({ length: 6 }, (_, index) => renew("s", credential(String(index))));
  await Promise.resolve();
  expect(asked).toHaveLength(4);
  for (let ended = 0; ended < 6; ended++) {
    ends[ended]?.();
    await all[ended];
    expect(asked).toHaveLength(Math.min(6, 5 + ended));
  }
  await Promise.all(all);
});
