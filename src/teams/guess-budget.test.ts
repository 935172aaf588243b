// Guesses of one address: some at once, then slowly; nobody else and nobody known is held up.
import { expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { createGuessBudget } from "./guess-budget.ts";

function world() {
  let now = 1_000_000;
  const budget = createGuessBudget({ ...systemClock, now: () => now });
  /** Whether a wrong one was looked at. */
  const guess = (address: string, hash: string) => {
    try {
      budget.check(address, hash);
    } catch (error) {
      expect(error).toMatchObject({ code: "rate_limited" });
      return false;
    }
    budget.wrong(address, hash);
    return true;
  };
  const later = (ms: number) => {
    now += ms;
  };
  return { budget, guess, later };
}

test("K1: of ten thousand guesses thirty are looked at, and one a second after them", () => {
  const { guess, later } = world();
  const tried = Array.from({ length: 10_000 }, (_, index) => guess("192.0.2.1", `wrong ${index}`));
  expect(tried.filter(Boolean)).toHaveLength(30);
  later(1_000);
  expect([guess("192.0.2.1", "a"), guess("192.0.2.1", "b")]).toEqual([true, false]);
  later(3_600_000);
  expect(Array.from({ length: 100 }, (_, index) => guess("192.0.2.1", `again ${index}`)).filter(Boolean)).toHaveLength(
    30,
  );
});

test("K1: of ten thousand at once thirty are looked at, and of right ones all, side by side as far as they might be wrong", async () => {
  const { budget } = world();
  let [looking, most] = [0, 0];
  const look = (address: string, found: string | null) => async (_: unknown, index: number) => {
    const find = async () => {
      looking += 1;
      most = Math.max(most, looking);
      await new Promise((resolve) => setImmediate(resolve));
      looking -= 1;
      if (index % 7 === 3) throw new Error("the database is away");
      return found;
    };
    return budget.look(address, `${found} ${index}`, find).then(
      () => "looked at",
      (error: { code?: string }) => error.code ?? "away",
    );
  };
  const count = (answers: string[], one: string) => answers.filter((answer) => answer === one).length;
  const wrong = await Promise.all(Array.from({ length: 10_000 }, look("192.0.2.1", null)));
  expect(count(wrong, "looked at")).toBe(30);
  expect(count(wrong, "looked at") + count(wrong, "away") + count(wrong, "rate_limited")).toBe(10_000);
  const right = await Promise.all(Array.from({ length: 700 }, look("192.0.2.2", "a key")));
  expect(count(right, "looked at")).toBe(600);
  expect(count(right, "rate_limited")).toBe(0);
  expect(most).toBe(30);
});

test("K1: another address is not held up, nor who was right before; the same wrong one costs once", () => {
  const { budget, guess } = world();
  for (let count = 0; count < 1_000; count++) expect(guess("192.0.2.1", "an old cookie")).toBe(true);
  budget.right("good");
  for (let count = 0; count < 100; count++) guess("192.0.2.1", `wrong ${count}`);
  expect(guess("192.0.2.1", "new")).toBe(false);
  expect(guess("192.0.2.2", "new")).toBe(true);
  expect(() => budget.check("192.0.2.1", "good")).not.toThrow();
  expect(() => budget.check("192.0.2.1", "an old cookie")).not.toThrow();
  // Until it is wrong.
  budget.wrong("192.0.2.3", "good");
  expect(() => budget.check("192.0.2.1", "good")).toThrow();
});

test("K1: addresses of one IPv6 network are one, and IPv4 is itself in either notation", () => {
  const { guess } = world();
  for (let count = 0; count < 30; count++) guess(`2001:db8:1:2:${count.toString(16)}::1`, `wrong ${count}`);
  expect(guess("2001:db8:1:2::7", "new")).toBe(false);
  expect(guess("2001:db8:1:3::7", "new")).toBe(true);
  for (let count = 0; count < 30; count++) guess("::ffff:192.0.2.9", `wrong ${count}`);
  expect(guess("192.0.2.9", "new")).toBe(false);
});
