// Order and limits of waiting work.
import { expect, test } from "vitest";
import { createQueue, createSemaphore } from "./turns.ts";

test("work of one key runs one after another, also after a failure; other keys do not wait", async () => {
  const inOrder = createQueue<string>();
  const seen: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = inOrder("a", async () => {
    await gate;
    seen.push("a1");
    throw new Error("a1 failed");
  });
  const second = inOrder("a", async () => void seen.push("a2"));
  await inOrder("b", async () => void seen.push("b1"));
  release();
  await expect(first).rejects.toThrow("a1 failed");
  await second;
  expect(seen).toEqual(["b1", "a1", "a2"]);
});

test("no more than the limit run at once, and all run", async () => {
  const limited = createSemaphore(2);
  let active = 0;
  let most = 0;
  const works = Array.from({ length: 7 }, (_, index) =>
    limited(async () => {
      active += 1;
      most = Math.max(most, active);
      await Promise.resolve();
      active -= 1;
      if (index === 3) throw new Error("one fails");
      return index;
    }),
  );
  const results = await Promise.allSettled(works);
  expect(most).toBe(2);
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(6);
});
