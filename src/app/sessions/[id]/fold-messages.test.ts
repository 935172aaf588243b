// Messages: queued, withdrawn, written under one's eyes, cut off by a broken connection.
import { expect, test } from "vitest";
import type { StreamEvent } from "../../../contract/events.ts";
import { cutPreviews, foldEvents } from "./fold-events.ts";
import { answer, delta, find, items, running, say, sequence, start } from "./made-up-events.ts";
import { emptyView } from "./session-view.ts";

test("a queued message waits at the end and moves to where it entered", () => {
  const queued = foldEvents(emptyView, sequence([running("s"), say("q", "later", false), answer("a", "first")]));
  expect(queued.queued.map((item) => item.id)).toEqual(["q"]);
  const entered = foldEvents(queued, [{ seq: 4, event: say("q", "later") }]);
  expect(entered.queued).toEqual([]);
  expect(items(entered).map((item) => item.id)).toEqual(["a", "q"]);
});

test("a withdrawn message is neither queued nor said", () => {
  const withdrawn: StreamEvent = { ...say("q", "no"), withdrawn: true } as StreamEvent;
  const view = foldEvents(emptyView, sequence([running("s"), say("q", "no", false), withdrawn]));
  expect(view.queued).toEqual([]);
  expect(items(view)).toEqual([]);
});

test("after a broken connection a preview stops growing, and its message replaces it", () => {
  const before = foldEvents(emptyView, sequence([running("s"), start("a"), delta("a", "Once")]));
  const cut = foldEvents(cutPreviews(before), [{ seq: null, event: delta("a", " there") }]);
  expect(find(cut, "a")).toMatchObject({ text: "Once", state: "cut" });
  const done = foldEvents(cut, [{ seq: 2, event: answer("a", "Once upon there") }]);
  expect(find(done, "a")).toMatchObject({ text: "Once upon there", state: "done" });
});

test("a preview that comes after its message changes nothing", () => {
  const done = foldEvents(emptyView, sequence([running("s"), answer("a", "Done")]));
  expect(
    foldEvents(done, [
      { seq: null, event: start("a") },
      { seq: null, event: delta("a", "x") },
    ]),
  ).toEqual(done);
});
