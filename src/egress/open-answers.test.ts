import { expect, it, vi } from "vitest";
import type { Credentials } from "../secrets/inject/growing-scrubber.ts";
import { createOpenAnswers } from "./open-answers.ts";

const NONE: Credentials = [];
const SOME = [{ id: "vcrd_1" }] as unknown as Credentials;
const answer = () => ({ learn: vi.fn<(credentials: Credentials) => void>() });

it("tells the answers of a session, and no other's, of what takes effect", () => {
  const open = createOpenAnswers();
  const [own, others] = [answer(), answer()];
  open.add("sesn_1", NONE, own);
  open.add("sesn_2", NONE, others);
  open.tell("sesn_1", SOME);
  expect(own.learn).toHaveBeenLastCalledWith(SOME);
  expect(others.learn).not.toHaveBeenCalledWith(SOME);
});

it("tells nothing of what is over", () => {
  const open = createOpenAnswers();
  const over = answer();
  open.add("sesn_1", NONE, over)();
  open.tell("sesn_1", SOME);
  // Nor does the next one hear of what was told when nothing was open.
  const next = answer();
  open.add("sesn_1", NONE, next);
  expect(over.learn).not.toHaveBeenCalledWith(SOME);
  expect(next.learn).not.toHaveBeenCalledWith(SOME);
});

it.each([
  ["after", [SOME, NONE]],
  ["before", [NONE, SOME]],
])("of two requests that go out at once, one without hears of what goes with the other, also %s it", (_, order) => {
  const open = createOpenAnswers();
  const answers = order.map((from) => {
    const made = answer();
    open.add("sesn_1", from, made);
    return made;
  });
  expect(answers[order.indexOf(NONE)]?.learn).toHaveBeenCalledWith(SOME);
});

it("a later request hears of what is in effect now, not of what was", () => {
  const open = createOpenAnswers();
  open.add("sesn_1", SOME, answer());
  open.tell("sesn_1", NONE);
  const later = answer();
  open.add("sesn_1", NONE, later);
  expect(later.learn).not.toHaveBeenCalledWith(SOME);
});
