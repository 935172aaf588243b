// Compaction keeps the newest part, sums up the rest, goes further each time, and always leaves something to send.
import { expect, test } from "vitest";
import { estimateTokens } from "../models/tokens.ts";
import { planCompaction } from "./compaction.ts";
import { type Conversation, emptyConversation } from "./conversation.ts";
import { cutMiddle, toModelMessages } from "./model-messages.ts";

/** `rounds` of a user's message and an answer with one call whose output is `outputLength` long. */
function conversationOf(rounds: number, outputLength: number): Conversation {
  const conversation = emptyConversation();
  for (let round = 0; round < rounds; round++) {
    const seq = round * 10;
    const id = `call${round}`;
    conversation.items.push({ kind: "user", seq: seq + 1, content: [{ type: "text", text: `question ${round}` }] });
    conversation.items.push({
      kind: "assistant",
      seq: seq + 2,
      requestId: `r${round}`,
      text: `answer ${round}`,
      reasoning: null,
      calls: [{ id, callId: id, kind: "tool", name: "bash", input: { command: `c${round}` }, permission: "allow" }],
    });
    conversation.results.set(id, {
      seq: seq + 3,
      content: [{ type: "text", text: "x".repeat(outputLength) }],
      isError: false,
    });
  }
  conversation.lastSeq = rounds * 10;
  return conversation;
}

function compacted(conversation: Conversation, limit: number | null): Conversation {
  const plan = planCompaction(conversation, limit);
  const seq = conversation.lastSeq + 1;
  return {
    ...conversation,
    lastSeq: seq,
    compactionsInRow: conversation.compactionsInRow + 1,
    compaction: { summary: plan.digest, throughSeq: plan.throughSeq, outputLimit: plan.outputLimit, seq },
  };
}

const sizeOf = (conversation: Conversation) => estimateTokens(toModelMessages(conversation));

test("the newest part is kept word for word, the older part is handed over as text", () => {
  const conversation = conversationOf(10, 4_000);
  const plan = planCompaction(conversation, 10_000);
  expect(plan.transcript).toContain("question 0");
  expect(plan.outputLimit).toBeNull();
  const messages = JSON.stringify(toModelMessages(compacted(conversation, 10_000)));
  expect(messages).toContain("question 9");
  expect(messages).toContain("x".repeat(4_000));
});

test.each([10_000, 2_000, null])("each round gets smaller (limit %s)", (limit) => {
  let conversation = conversationOf(10, 4_000);
  const sizes = [sizeOf(conversation)];
  for (let round = 0; round < 3; round++) {
    conversation = compacted(conversation, limit);
    sizes.push(sizeOf(conversation));
  }
  expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) / 1.5);
  expect(sizes[2]).toBeLessThanOrEqual(sizes[1] ?? 0);
  expect(sizes[3]).toBeLessThanOrEqual(sizes[2] ?? 0);
});

test("one giant output is cut, as there is nothing older", () => {
  const conversation = conversationOf(1, 1_000_000);
  const after = compacted(conversation, 50_000);
  expect(sizeOf(after)).toBeLessThan(10_000);
  expect(JSON.stringify(toModelMessages(after))).toContain("characters left out");
});

test("a call is never parted from its result", () => {
  for (let rounds = 1; rounds < 12; rounds++) {
    const messages = toModelMessages(compacted(conversationOf(rounds, 3_000), 6_000));
    const calls = messages.flatMap((message) =>
      message.role === "assistant" ? message.toolCalls.map((call) => call.id) : [],
    );
    const results = messages.flatMap((message) => (message.role === "tool" ? [message.toolCallId] : []));
    expect(results).toEqual(calls);
  }
});

test("the transcript is bounded and keeps its beginning and its end", () => {
  const { transcript } = planCompaction(conversationOf(400, 2_000), 20_000);
  expect(transcript.length).toBeLessThan(21_000);
  expect(transcript).toContain("question 0");
});

test("cutting in the middle keeps both ends and says how much is gone", () => {
  expect(cutMiddle("abcdefghij", 4)).toBe("ab\n[… 6 characters left out …]\nij");
  expect(cutMiddle("abcd", 4)).toBe("abcd");
});
