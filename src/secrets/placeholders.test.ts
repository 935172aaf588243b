import { expect, test } from "vitest";
import { newPlaceholder, PLACEHOLDER } from "./placeholders.ts";

test("C4: placeholders cannot be guessed: none comes twice, every character is as likely as any other, wherever it stands", () => {
  const count = 8_000;
  const made = Array.from({ length: count }, newPlaceholder);
  expect(new Set(made).size).toBe(count);
  const bodies = made.map((text) => text.slice(-32));
  for (let place = 0; place < 32; place++) {
    const seen = new Map<string, number>();
    for (const body of bodies) seen.set(body[place] ?? "", (seen.get(body[place] ?? "") ?? 0) + 1);
    expect(seen.size).toBe(32);
    // 250 of each are expected, with a deviation of 16; seven of them are never seen.
    for (const times of seen.values()) expect(Math.abs(times - count / 32)).toBeLessThan(110);
  }
});

test("all of them are found in a text", () => {
  const [a, b] = [newPlaceholder(), newPlaceholder()];
  expect(`Bearer ${a}, {"x":"${b}"}`.match(PLACEHOLDER)).toEqual([a, b]);
});
