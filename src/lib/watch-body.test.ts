// The end of a body is told once, and one that nobody wants any more has ended well.
import { expect, test } from "vitest";
import { watchBody } from "./watch-body.ts";

function watched(body: ReadableStream<Uint8Array>) {
  const ends: unknown[] = [];
  const answer = watchBody(new Response(body), { onEnd: (error) => void ends.push(error) });
  return { answer, ends };
}

test("a body that is whole has ended, once", async () => {
  const { answer, ends } = watched(new Response("all of it").body as ReadableStream<Uint8Array>);
  expect(await answer.text()).toBe("all of it");
  expect(ends).toEqual([null]);
});

test("one that is given up while it is waited for has ended well, once, whatever its source does then", async () => {
  for (const cancel of [() => undefined, () => Promise.reject(new Error("of no interest"))]) {
    const { answer, ends } = watched(
      new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined), cancel }),
    );
    const reader = answer.body?.getReader();
    const waiting = reader?.read();
    await reader?.cancel().catch(() => undefined);
    await waiting;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual([null]);
  }
});

test("one that breaks off says why, once", async () => {
  const why = new Error("reset");
  const { answer, ends } = watched(new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(why) }));
  await expect(answer.text()).rejects.toBe(why);
  expect(ends).toEqual([why]);
});
