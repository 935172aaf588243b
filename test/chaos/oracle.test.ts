// The oracle finds every kind of bug that it is there for, and nothing in a sound run.
import { expect, test } from "vitest";
import type { ChaosFacts, SessionFacts, StoredEntry } from "./facts.ts";
import { countInDoubt, judge } from "./oracle.ts";

function entry(seq: number, id: string, type: string, rest: Partial<StoredEntry> = {}): StoredEntry {
  return { seq, id, type, echo: false, processed: true, payload: {}, ...rest };
}

const stored: StoredEntry[] = [
  entry(1, "m1", "user.message"),
  entry(2, "s1", "session.status_running"),
  entry(3, "m1", "user.message", { echo: true }),
  entry(4, "r1", "span.model_request_start"),
  entry(5, "c1", "agent.tool_use", { payload: { input: { command: "echo T1x1 >> ledger" } } }),
  entry(6, "r1e", "span.model_request_end", { payload: { model_request_start_id: "r1" } }),
  entry(7, "c1r", "agent.tool_result", { payload: { tool_use_id: "c1", is_error: false, content: [] } }),
  entry(8, "i1", "session.status_idle", { payload: { stop_reason: { type: "end_turn" } } }),
];
const sound: SessionFacts = {
  id: "sesn_1",
  kind: "one command",
  accepted: [{ id: "m1", type: "user.message" }],
  streamed: stored.map(({ seq, id, type }) => ({ seq, id, type })),
  stored,
  listed: ["s1", "m1", "r1", "c1", "r1e", "c1r", "i1"],
  status: "idle",
  leased: false,
  waiting: false,
  lastSeq: 8,
  effects: new Map([["T1x1", 1]]),
  complaints: [],
};
const run = (session: Partial<SessionFacts>, rest: Partial<ChaosFacts> = {}): ChaosFacts => ({
  sessions: [{ ...sound, ...session }],
  processes: [],
  leftovers: [],
  ...rest,
});
const without = (seq: number) => stored.filter((one) => one.seq !== seq);
const changed = (seq: number, change: Partial<StoredEntry>) =>
  stored.map((one) => (one.seq === seq ? { ...one, ...change } : one));
const rules = (facts: ChaosFacts) => [...new Set(judge(facts).map(({ rule }) => rule))];

test("a sound run has no finding", () => {
  expect(judge(run({}))).toEqual([]);
});

test.each<[string, Partial<SessionFacts>, string]>([
  ["an event vanished from the log", { stored: without(5) }, "the log has no gap"],
  ["the log ends early", { stored: without(8), streamed: sound.streamed.slice(0, -1) }, "the log has no gap"],
  ["an event never reached the client", { streamed: sound.streamed.toSpliced(4, 1) }, "the stream equals the log"],
  [
    "an event reached the client twice",
    { streamed: sound.streamed.toSpliced(4, 0, { seq: 5, id: "c1", type: "agent.tool_use" }) },
    "the stream equals the log",
  ],
  ["two events changed places", { listed: ["s1", "m1", "c1", "r1", "r1e", "c1r", "i1"] }, "the list equals the log"],
  ["a list shows the message twice", { listed: ["m1", ...sound.listed] }, "the list equals the log"],
  [
    "an accepted message is gone",
    { accepted: [...sound.accepted, { id: "m2", type: "user.message" }] },
    "what was accepted is processed once",
  ],
  ["a message was never taken in", { stored: changed(1, { processed: false }) }, "what was accepted is processed once"],
  [
    "a message was taken in twice",
    { stored: changed(4, { id: "m1", type: "user.message", echo: true }) },
    "what was accepted is processed once",
  ],
  ["a message came from nowhere", { accepted: [] }, "what was accepted is processed once"],
  ["a call has no result", { stored: changed(7, { type: "agent.thinking" }) }, "a call has one result"],
  [
    "a call has two results",
    { stored: changed(8, { type: "agent.tool_result", payload: { tool_use_id: "c1" } }) },
    "a call has one result",
  ],
  ["a request never ended", { stored: changed(6, { type: "agent.thinking" }) }, "a model request ends once"],
  ["a tool ran twice", { effects: new Map([["T1x1", 2]]) }, "a tool's effect happens once"],
  ["a tool did not run", { effects: new Map() }, "a tool's effect happens once"],
  [
    "something ran that nobody called",
    {
      effects: new Map([
        ["T1x1", 1],
        ["T9x9", 1],
      ]),
    },
    "a tool's effect happens once",
  ],
  ["a session hangs", { status: "running" }, "no session is stuck"],
  ["a lease is left", { leased: true }, "no session is stuck"],
  ["work is left", { waiting: true }, "no session is stuck"],
  [
    "a turn gave up",
    { stored: changed(8, { payload: { stop_reason: { type: "retries_exhausted" } } }) },
    "no session is stuck",
  ],
  [
    "a turn failed",
    { stored: changed(2, { type: "session.error", payload: { error: { retry_status: { type: "terminal" } } } }) },
    "no turn fails",
  ],
  ["a client was refused", { complaints: ["POST answered 500"] }, "clients are served"],
])("%s", (_, session, rule) => {
  expect(rules(run(session))).toContain(rule);
});

test("an effect in doubt may have happened or not, and is counted", () => {
  const content = [{ type: "text", text: "The sandbox ended; the command may have run." }];
  const doubtful = changed(7, { payload: { tool_use_id: "c1", is_error: true, content } });
  for (const effects of [new Map(), new Map([["T1x1", 1]])])
    expect(judge(run({ stored: doubtful, effects }))).toEqual([]);
  expect(rules(run({ stored: doubtful, effects: new Map([["T1x1", 2]]) }))).toEqual(["a tool's effect happens once"]);
  expect(countInDoubt(run({ stored: doubtful }))).toBe(1);
});

test("leaks of memory, descriptors, processes", () => {
  const grown = { part: "web", rssMbBefore: 100, rssMbAfter: 400, fdsBefore: 30, fdsAfter: 90 };
  expect(rules(run({}, { processes: [grown], leftovers: ["process 12 (runner)"] }))).toEqual([
    "memory comes back",
    "descriptors come back",
    "nothing is left",
  ]);
});
