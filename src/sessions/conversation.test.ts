// Folding the log gives the same conversation however it is cut, and each event its meaning.
import { expect, test } from "vitest";
import type { StoredEvent } from "../db/events.ts";
import { type Conversation, emptyConversation, foldEvents } from "./conversation.ts";
import { toModelMessages } from "./model-messages.ts";

type Line = [
  id: string,
  type: string,
  payload?: Record<string, unknown>,
  extra?: { private?: Record<string, unknown>; echo?: boolean },
];

function log(...lines: Line[]): StoredEvent[] {
  return lines.map(([id, type, payload = {}, extra = {}], index) => ({
    seq: index + 1,
    id,
    type,
    payload,
    private: extra.private ?? null,
    echo: extra.echo ?? false,
    createdAt: new Date(0),
    processedAt: null,
  }));
}
const fold = (...lines: Line[]): Conversation => foldEvents(emptyConversation(), log(...lines));

const text = (value: string) => ({ content: [{ type: "text", text: value }] });
const hello: Line[] = [
  ["m1", "user.message", text("Hi")],
  ["s1", "session.status_running"],
  ["m1", "user.message", text("Hi"), { echo: true }],
  ["r1", "span.model_request_start"],
];
const calls: Line[] = [
  ...hello,
  ["a1", "agent.message", text("Let me look."), { private: { request_id: "r1" } }],
  [
    "t1",
    "agent.tool_use",
    { name: "bash", input: { command: "ls" }, evaluated_permission: "ask" },
    { private: { request_id: "r1", call_id: "c1" } },
  ],
  ["t2", "agent.custom_tool_use", { name: "weather", input: {} }, { private: { request_id: "r1", call_id: "c2" } }],
  [
    "e1",
    "span.model_request_end",
    { model_request_start_id: "r1", is_error: false },
    { private: { reasoning_state: { x: 1 } } },
  ],
];

test("a message is queued until its echo, which makes an answer due", () => {
  const queued = fold(["m1", "user.message", text("Hi")]);
  expect([...queued.queued.keys()]).toEqual(["m1"]);
  expect(queued).toMatchObject({ owesAnswer: false, items: [] });
  const taken = fold(...hello);
  expect(taken.queued.size).toBe(0);
  expect(taken).toMatchObject({ owesAnswer: true, status: "running", openRequest: { id: "r1" } });
});

test("an answer with calls keeps the turn open, results come back in the order of the calls", () => {
  const open = fold(...calls);
  expect([...open.pending.values()]).toMatchObject([
    { id: "t1", kind: "tool", permission: "ask", confirmation: null },
    { id: "t2", kind: "custom" },
  ]);
  expect(open).toMatchObject({ owesAnswer: true, toolRounds: 1, openRequest: null });
  const answered = fold(
    ...calls,
    ["u2", "user.custom_tool_result", { custom_tool_use_id: "t2", ...text("sunny") }],
    ["u2", "user.custom_tool_result", { custom_tool_use_id: "t2", ...text("sunny") }, { echo: true }],
    ["t1r", "agent.tool_result", { tool_use_id: "t1", ...text("file"), is_error: false }],
  );
  expect(answered.pending.size).toBe(0);
  expect(toModelMessages(answered)).toEqual([
    { role: "user", content: [{ type: "text", text: "Hi" }] },
    {
      role: "assistant",
      text: "Let me look.",
      reasoning: { x: 1 },
      toolCalls: [
        { id: "c1", name: "bash", input: { command: "ls" } },
        { id: "c2", name: "weather", input: {} },
      ],
    },
    { role: "tool", toolCallId: "c1", name: "bash", content: [{ type: "text", text: "file" }], isError: false },
    { role: "tool", toolCallId: "c2", name: "weather", content: [{ type: "text", text: "sunny" }], isError: false },
  ]);
});

test.each([
  ["allow", true],
  ["deny", false],
  ["maybe", false],
  [undefined, false],
])("a confirmation %s allows: %s", (result, allow) => {
  const payload = { tool_use_id: "t1", result };
  const conversation = fold(
    ...calls,
    ["u1", "user.tool_confirmation", payload],
    ["u1", "user.tool_confirmation", payload, { echo: true }],
  );
  expect(conversation.pending.get("t1")?.confirmation?.allow).toBe(allow);
});

test("a permission that is not understood asks", () => {
  const conversation = fold(...hello, [
    "t1",
    "agent.tool_use",
    { name: "bash", input: {}, evaluated_permission: "sure" },
  ]);
  expect(conversation.pending.get("t1")?.permission).toBe("ask");
});

test("an answer without calls ends the turn; an empty one too", () => {
  const end: Line = ["e1", "span.model_request_end", { model_request_start_id: "r1", is_error: false }];
  expect(
    fold(...hello, ["a1", "agent.message", text("Hello"), { private: { request_id: "r1" } }], end).owesAnswer,
  ).toBe(false);
  expect(fold(...hello, end).owesAnswer).toBe(false);
});

test("a failed request leaves the answer due; one that did not fit says so until the conversation is compacted", () => {
  const cut: Line = ["e1", "span.model_request_end", { model_request_start_id: "r1", is_error: true }];
  expect(fold(...hello, cut)).toMatchObject({ owesAnswer: true, contextOverflow: false, openRequest: null });
  const overflow: Line = [...cut];
  overflow[3] = { private: { error_kind: "context_length" } };
  expect(fold(...hello, overflow).contextOverflow).toBe(true);
  const compacted = fold(...hello, overflow, [
    "k1",
    "agent.thread_context_compacted",
    {},
    { private: { summary: "They said hi.", through_seq: 3, output_limit: null } },
  ]);
  expect(compacted).toMatchObject({ contextOverflow: false, compactionsInRow: 1, owesAnswer: true });
  expect(toModelMessages(compacted)).toMatchObject([
    { role: "user", content: [{ text: expect.stringContaining("They said hi.") }] },
  ]);
});

test("a request that sums up is no answer", () => {
  const conversation = fold(
    ...hello.slice(0, 3),
    ["r9", "span.model_request_start", {}, { private: { purpose: "summary" } }],
    ["e9", "span.model_request_end", { model_request_start_id: "r9", is_error: false }],
  );
  expect(conversation).toMatchObject({ owesAnswer: true, openRequest: null });
});

test("an interrupt ends the turn and what clients were asked for", () => {
  const conversation = fold(...calls, ["i", "user.interrupt"], ["i", "user.interrupt", {}, { echo: true }]);
  expect(conversation.owesAnswer).toBe(false);
  expect([...conversation.pending.keys()]).toEqual(["t1"]);
  expect(conversation.results.get("t2")).toMatchObject({ isError: true });
});

test("an error that ends the turn is told until the session is idle", () => {
  const error: Line = [
    "x1",
    "session.error",
    { error: { type: "unknown_error", message: "", retry_status: { type: "exhausted" } } },
  ];
  expect(fold(...hello, error).gaveUp).toBe(true);
  const idle: Line = ["i1", "session.status_idle", { stop_reason: { type: "retries_exhausted" } }];
  // What it owes is kept: the turn can be tried again.
  expect(fold(...hello, error, idle)).toMatchObject({ gaveUp: false, owesAnswer: true, status: "idle" });
});

test("a retry is due so long after the database took it, whatever the clock of the worker that decided on it said", () => {
  // The events of these logs were taken at 0.
  const again = (due: Record<string, unknown>) =>
    fold(...hello, ["x", "session.status_rescheduled", {}, { private: due }]);
  expect(again({ retry_at: 270_000, retry_in_ms: 2_000 })).toMatchObject({ retryAt: 2_000, retryInMs: 2_000 });
  // As an older release wrote it.
  expect(again({ retry_at: 3_000 })).toMatchObject({ retryAt: 3_000, retryInMs: null });
});

test("a reached budget keeps the answer due", () => {
  const idle: Line = ["i1", "session.status_idle", { stop_reason: { type: "budget_reached" } }];
  expect(fold(...hello, idle)).toMatchObject({ owesAnswer: true, status: "idle" });
});

test("any cut of the log and any repetition gives the same conversation", () => {
  const events = log(
    ...calls,
    ["i", "user.interrupt"],
    ["i", "user.interrupt", {}, { echo: true }],
    ["z", "something.new"],
  );
  const whole = foldEvents(emptyConversation(), events);
  for (let cut = 0; cut <= events.length; cut++) {
    const conversation = foldEvents(emptyConversation(), events.slice(0, cut));
    foldEvents(conversation, events.slice(Math.max(0, cut - 2)));
    expect(conversation).toEqual(whole);
  }
});

test("a rewind forgets the message and what followed, and comes to rest", () => {
  const answered: Line[] = [
    ...hello,
    ["a1", "agent.message", text("Hello!"), { private: { request_id: "r1" } }],
    ["e1", "span.model_request_end", { model_request_start_id: "r1", is_error: false }],
    ["i1", "session.status_idle", { stop_reason: { type: "end_turn" } }],
  ];
  const before = toModelMessages(fold(...answered));
  const cut = answered.length + 3;
  const further: Line[] = [
    ["m2", "user.message", text("And now?")],
    ["s2", "session.status_running"],
    ["m2", "user.message", text("And now?"), { echo: true }],
    ["r2", "span.model_request_start"],
    [
      "t3",
      "agent.tool_use",
      { name: "bash", input: {}, evaluated_permission: "ask" },
      { private: { request_id: "r2", call_id: "c3" } },
    ],
    ["e2", "span.model_request_end", { model_request_start_id: "r2", is_error: false }],
    ["i2", "session.status_idle", { stop_reason: { type: "requires_action", event_ids: ["t3"] } }],
  ];
  const rewound = fold(...answered, ...further, [
    "w1",
    "session.rewound",
    { event_id: "m2" },
    { private: { to_seq: cut } },
  ]);
  expect(toModelMessages(rewound)).toEqual(before);
  expect(rewound).toMatchObject({ status: "idle", stopReason: { type: "end_turn" }, owesAnswer: false, toolRounds: 0 });
  expect(rewound.pending.size).toBe(0);
});

test("a rewind behind a compaction brings back what it summed up, and the one before it", () => {
  const compacted = (id: string, summary: string, through: number): Line => [
    id,
    "agent.thread_context_compacted",
    {},
    { private: { summary, through_seq: through } },
  ];
  const log: Line[] = [
    ...hello,
    ["e1", "span.model_request_end", { model_request_start_id: "r1", is_error: false }],
    compacted("k1", "first", 4),
    ["m2", "user.message", text("two"), { echo: true }],
    compacted("k2", "second", 7),
    ["m3", "user.message", text("three"), { echo: true }],
    compacted("k3", "third", 9),
  ];
  const back = (toSeq: number) =>
    fold(...log, ["w", "session.rewound", { event_id: "x" }, { private: { to_seq: toSeq } }]);
  expect(back(9).compaction?.summary).toBe("second");
  expect(back(7).compaction?.summary).toBe("first");
  expect(back(3)).toMatchObject({ compaction: null, items: [], earlierCompactions: [] });
});
