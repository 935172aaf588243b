// A turn's files are those of before it until one of its calls has a result.
import { expect, test } from "vitest";
import { type Conversation, emptyConversation, type Item } from "./conversation.ts";
import { untouchedSince } from "./untouched-since.ts";

const user = (seq: number): Item => ({ kind: "user", seq, content: [] });
const agent = (seq: number): Item => ({
  kind: "assistant",
  seq,
  requestId: `r${seq}`,
  text: "",
  reasoning: null,
  calls: [],
});
const talk = (items: Item[], extra: Partial<Conversation> = {}) => ({ ...emptyConversation(), items, ...extra });
const resultAt = (seq: number) => new Map([["t", { seq, content: [], isError: false }]]);

test("while the first call is written, and before it has run, the turn began with its first message", () => {
  const before = [user(2), agent(5)];
  expect(untouchedSince(talk([...before, user(9), user(10)], { results: resultAt(6) }))).toBe(9);
  expect(untouchedSince(talk([...before, user(9), agent(12)], { results: resultAt(6), toolRounds: 1 }))).toBe(9);
});

test("once a call of the turn has a result, or a second answer came, nobody can say any more", () => {
  const items = [user(2), agent(5)];
  expect(untouchedSince(talk(items, { results: resultAt(6), toolRounds: 1 }))).toBeNull();
  expect(untouchedSince(talk([...items, agent(8)], { results: resultAt(6), toolRounds: 2 }))).toBeNull();
  // Somebody said something while it ran.
  expect(untouchedSince(talk([...items, user(7)], { toolRounds: 1 }))).toBeNull();
  expect(untouchedSince(talk([]))).toBeNull();
});
