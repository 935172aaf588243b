// Many tabs, one notification a wait.
import { expect, test } from "vitest";
import { answerWhileVisible, tellOnce, waitKey } from "./tell-once.ts";

// Node has the browser's locks.
const { locks } = navigator as unknown as { locks: Pick<LockManager, "request"> };
function browserOf(tabs: number) {
  const kept = new Map<string, string>();
  const told: string[] = [];
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  return {
    told,
    allTell: (key: string) =>
      Promise.all(
        Array.from({ length: tabs }, () => tellOnce(key, { locks, storage, tell: async () => void told.push(key) })),
      ),
  };
}

test("of many tabs one tells, each wait once", async () => {
  const { told, allTell } = browserOf(5);
  await allTell("sesn_a sevt_1");
  await allTell("sesn_a sevt_1");
  await allTell("sesn_a sevt_2");
  expect(told).toEqual(["sesn_a sevt_1", "sesn_a sevt_2"]);
});

test("none tells while one is on the screen, and the next wait is told when none is any more", async () => {
  const { told, allTell } = browserOf(3);
  let visible = true;
  const leave = [answerWhileVisible(() => visible), answerWhileVisible(() => false)];
  await allTell("seen");
  visible = false;
  await allTell("not seen");
  expect(told).toEqual(["not seen"]);
  for (const end of leave) end();
});

test("a wait is told apart from the session's next one", () => {
  const wait = (...event_ids: string[]) =>
    waitKey({ id: "sesn_a", stop_reason: { type: "requires_action", event_ids } });
  expect(wait("sevt_1")).not.toBe(wait("sevt_2"));
  expect(wait("sevt_1")).toBe(wait("sevt_1"));
});
