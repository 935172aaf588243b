// The oracle finds every kind of bug that it is there for, and nothing in a sound run.
import { expect, test } from "vitest";
import type { ChaosFacts, SessionFacts, StoredEntry } from "./facts.ts";
import { fileStates } from "./file-states.ts";
import { countInDoubt, judge } from "./oracle.ts";

function entry(seq: number, id: string, type: string, rest: Partial<StoredEntry> = {}): StoredEntry {
  return { seq, id, type, echo: false, processed: true, payload: {}, ...rest };
}

function said(tag: string) {
  return { content: [{ type: "text", text: `${tag}: do it` }] };
}

const stored: StoredEntry[] = [
  entry(1, "m1", "user.message", { payload: said("M1x1") }),
  entry(2, "s1", "session.status_running"),
  entry(3, "m1", "user.message", { echo: true, payload: said("M1x1") }),
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
  losses: 0,
  kept: [],
  snapshots: new Map(),
  ledger: "read",
  rewinds: [],
  forkOf: null,
  prompts: [["M1x1"], ["M1x1"]],
  complaints: [],
};
const run = (session: Partial<SessionFacts>, rest: Partial<ChaosFacts> = {}): ChaosFacts => ({
  sessions: [{ ...sound, ...session }],
  sessionIds: ["sesn_1"],
  deleted: [],
  rows: new Map(),
  running: [],
  disks: [],
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

/** The sound run, then another message and what came of it. */
const second: StoredEntry[] = [
  ...stored,
  entry(9, "m2", "user.message", { payload: said("M1x2") }),
  entry(10, "m2", "user.message", { echo: true, payload: said("M1x2") }),
  entry(11, "i2", "session.status_idle", { payload: { stop_reason: { type: "end_turn" } } }),
];
function after(log: readonly StoredEntry[], rest: Partial<SessionFacts> = {}): Partial<SessionFacts> {
  const echoed = new Set(log.filter(({ echo }) => echo).map(({ id }) => id));
  const told = log.filter(({ type, echo, seq }) => type.startsWith("user.") && !echo && seq > 0);
  return {
    stored: log,
    streamed: log.map(({ seq, id, type }) => ({ seq, id, type })),
    listed: log.filter(({ id, echo }) => echo || !echoed.has(id)).map(({ id }) => id),
    accepted: told.map(({ id, type }) => ({ id, type })),
    lastSeq: log.length,
    prompts: [["M1x1"], ["M1x1", "M1x2"]],
    ...rest,
  };
}

test("a session that went back says to the model what is left, and the log says it once", () => {
  const rewound = [
    ...second,
    entry(12, "w1", "session.rewound", { payload: { event_id: "m2" } }),
    entry(13, "m3", "user.message", { payload: said("M1x3") }),
    entry(14, "m3", "user.message", { echo: true, payload: said("M1x3") }),
    entry(15, "i3", "session.status_idle", { payload: { stop_reason: { type: "end_turn" } } }),
  ];
  const told = {
    rewinds: ["m2"],
    prompts: [
      ["M1x1", "M1x2"],
      ["M1x1", "M1x3"],
    ],
  };
  expect(judge(run(after(rewound, told)))).toEqual([]);
  const rule = "a rewind happens once";
  expect(rules(run(after(rewound, { ...told, rewinds: [] })))).toEqual([rule]);
  expect(rules(run(after(rewound, { ...told, rewinds: ["m2", "m2"] })))).toEqual([rule]);
  const sent = "the model is sent the conversation";
  for (const prompts of [[["M1x1", "M1x2", "M1x3"]], [["M1x3"]], [["M1x9"]], [["M1x1", "M1x1", "M1x3"]]])
    expect(rules(run(after(rewound, { ...told, prompts })))).toEqual([sent]);
});

test("a fork begins with its source's log before the message, and goes on by itself", () => {
  const idle = { payload: { stop_reason: { type: "end_turn" } } };
  const forked = (log: readonly StoredEntry[]) => {
    const next = log.length + 1;
    return [...log, entry(next, "f1", "session.forked"), entry(next + 1, "i9", "session.status_idle", idle)];
  };
  const source = { ...sound, ...after(second) };
  const fork = (log: readonly StoredEntry[], eventId: string | null = "m2") => {
    const rest = { accepted: [], effects: new Map(), prompts: [] };
    const session = { ...sound, ...after(log, rest), id: "sesn_2", forkOf: { sessionId: "sesn_1", eventId } };
    return run({}, { sessions: [source, session], sessionIds: ["sesn_1", "sesn_2"] });
  };
  const withdrawn = entry(10, "m2", "user.message", { echo: true, payload: { ...said("M1x2"), withdrawn: true } });
  expect(judge(fork(forked([...second.slice(0, 9), withdrawn])))).toEqual([]);
  expect(judge(fork(forked(second), null))).toEqual([]);
  const rule = "a fork begins as its source was";
  expect(rules(fork(forked(second.slice(0, 8))))).toEqual([rule]);
  expect(rules(fork(second))).toContain(rule);
  const other = changed(5, { payload: { input: { command: "echo" } } });
  expect(rules(fork(forked([...other, ...second.slice(8)]), null))).toEqual([rule]);
});

const receipt = { reason: "lost", files: 2, written_files: 2, same_files: 0, checked_files: 2, refused_count: 0 };
const restored = (payload: object, rest: Partial<SessionFacts> = {}) =>
  after([...second, entry(12, "l1", "session.restored", { payload: { ...receipt, ...payload } })], {
    effects: new Map(),
    losses: 1,
    snapshots: new Map([
      ["early", 4],
      ["late", 8],
    ]),
    ...rest,
  });
const once = "a tool's effect happens once";
const there = { effects: new Map([["T1x1", 1]]) };

test("what was written after the snapshot goes with its disk; what is in it comes back", () => {
  expect(judge(run(restored({ snapshot_id: "early" })))).toEqual([]);
  expect(judge(run(restored({ snapshot_id: "late" }, there)))).toEqual([]);
  // Without a snapshot all goes.
  expect(judge(run(restored({ snapshot_id: null })))).toEqual([]);
  expect(rules(run(restored({ snapshot_id: "late" })))).toEqual([once]);
  expect(rules(run(restored({ snapshot_id: "early" }, there)))).toEqual([once]);
  expect(rules(run(restored({ snapshot_id: "late" }, { effects: new Map([["T1x1", 2]]) })))).toEqual([once]);
  // Of a snapshot that nobody saw listed it is not known what is in it.
  for (const rest of [{}, there]) expect(judge(run(restored({ snapshot_id: "unseen" }, rest)))).toEqual([]);
  expect(rules(run({ effects: new Map(), losses: 1 }))).toEqual([once]);
  expect(rules(run(restored({ snapshot_id: "early" }, { kept: [8] })))).toEqual(["what was kept comes back"]);
  expect(judge(run(restored({ snapshot_id: "early" }, { kept: [4] })))).toEqual([]);
});

test("a copy of a copy whose files are on their way gets them, and has none before", () => {
  const forked = (seq: number) => entry(seq, `f${seq}`, "session.forked");
  const copies = [...second, forked(12), forked(13)];
  const places = new Map([["kept", 12]]);
  const comes = entry(14, "l1", "session.restored", { payload: { ...receipt, reason: "fork", snapshot_id: "kept" } });
  expect(fileStates({ stored: [...copies, comes] }, places).last).toEqual(new Map([["T1x1", "maybe"]]));
  expect(fileStates({ stored: copies }, places).last).toEqual(new Map());
});

test("files come back for a reason, and whole", () => {
  const told = ["a restore is told, and for a reason"];
  // One that was broken off checks what lies there, too.
  for (const counts of [{}, { written_files: 0, same_files: 2 }, { written_files: 1, same_files: 1, checked_files: 1 }])
    expect(judge(run(restored({ snapshot_id: "early", ...counts })))).toEqual([]);
  for (const checked_files of [1, 3])
    expect(rules(run(restored({ snapshot_id: "early", checked_files })))).toEqual(told);
  const early = { snapshot_id: "early" };
  expect(rules(run(restored(early, { losses: 0 })))).toEqual(told);
  expect(rules(run(restored({ ...early, refused_count: 1 })))).toEqual(told);
  expect(rules(run(restored({ ...early, written_files: 1 })))).toEqual(told);
  expect(rules(run(restored({ ...early, reason: "rewind" })))).toEqual(told);
  expect(rules(run(restored({ ...early, reason: "fork" })))).toEqual(told);
});

test("a command that runs while its disk is lost may be done or not; one that begins then is done on the new disk", () => {
  const call = (id: string, seq: number) =>
    entry(seq, id, "agent.tool_use", { payload: { input: { command: `echo T1x${seq} >> ledger` } } });
  const result = (id: string, seq: number, isError: boolean) =>
    entry(seq, `${id}r`, "agent.tool_result", { payload: { tool_use_id: id, is_error: isError, content: [] } });
  const lost = entry(14, "l1", "session.restored", { payload: { ...receipt, snapshot_id: null } });
  const log = [...second, call("c2", 12), call("c3", 13), lost, result("c2", 15, true), result("c3", 16, false)];
  const effects = (...markers: string[]) => ({ losses: 1, effects: new Map(markers.map((marker) => [marker, 1])) });
  expect(judge(run(after(log, effects("T1x13"))))).toEqual([]);
  expect(judge(run(after(log, effects("T1x12", "T1x13"))))).toEqual([]);
  expect(rules(run(after(log, effects("T1x12"))))).toEqual([once]);
  expect(rules(run(after(log, effects("T1x1", "T1x13"))))).toEqual([once]);
});

test("with a rewind the files are what they were before the message", () => {
  const going = (payload: object, rest: Partial<SessionFacts>) => {
    const log = [
      ...second,
      entry(12, "w1", "session.rewound", { payload: { event_id: "m2" } }),
      entry(13, "b1", "session.restored", { payload: { ...receipt, reason: "rewind", exact: true, ...payload } }),
    ];
    const snapshots = new Map([
      ["early", 4],
      ["late", 8],
    ]);
    return run(after(log, { rewinds: ["m2"], snapshots, ...rest }));
  };
  expect(judge(going({ snapshot_id: "late" }, there))).toEqual([]);
  expect(rules(going({ snapshot_id: "late" }, { effects: new Map() }))).toEqual([once]);
  const then = ["a rewind brings back the files of then"];
  expect(rules(going({ snapshot_id: "early" }, { effects: new Map() }))).toEqual(then);
  expect(judge(going({ snapshot_id: "early", exact: false }, { effects: new Map() }))).toEqual([]);
});

test("files that come back are those that the last of several rewinds told", () => {
  const rewound = (seq: number, files: object) =>
    entry(seq, `w${seq}`, "session.rewound", { payload: { event_id: "m2", files } });
  const back = entry(14, "b1", "session.restored", { payload: { ...receipt, reason: "rewind", snapshot_id: "late" } });
  const going = (...files: object[]) =>
    run(
      after([...second, ...files.map((one, index) => rewound(12 + index, one)), back], {
        ...there,
        rewinds: files.map(() => "m2"),
        snapshots: new Map([["late", 8]]),
      }),
    );
  const [early, late] = ["early", "late"].map((snapshot_id) => ({ type: "snapshot", snapshot_id }));
  expect(judge(going(early ?? {}, late ?? {}))).toEqual([]);
  expect(judge(going(late ?? {}, { type: "unknown" }))).toEqual([]);
  const then = ["a rewind brings back the files of then"];
  expect(rules(going(late ?? {}, early ?? {}))).toEqual(then);
  expect(rules(going(late ?? {}, { type: "empty" }))).toEqual(then);
});

test("a request that arrived twice, and one that was answered and never arrived", () => {
  const kind = "upstream";
  const rule = ["a request of a tool arrives once"];
  const marker = [...sound.effects.keys()][0] ?? "";
  expect(judge(run({ kind }, { rows: new Map([...sound.effects.keys()].map((one) => [one, 1])) }))).toEqual([]);
  expect(rules(run({}, { rows: new Map([[marker, 2]]) }))).toEqual(rule);
  expect(rules(run({ kind }))).toEqual(rule);
});

test("a session that nobody was told of, and sandboxes that nobody has", () => {
  expect(rules(run({}, { sessionIds: ["sesn_1", "sesn_9"] }))).toEqual(["what was accepted is processed once"]);
  expect(rules(run({}, { sessionIds: ["sesn_1", "sesn_9"], deleted: ["sesn_9"] }))).toEqual([
    "what was deleted is gone",
  ]);
  expect(judge(run({}, { deleted: ["sesn_9"] }))).toEqual([]);
  const running = [
    { pid: 1, name: "sesn_1" },
    { pid: 2, name: ".blank-1" },
  ];
  expect(judge(run({}, { disks: ["sesn_1"], running }))).toEqual([]);
  const rule = ["no sandbox is leaked"];
  expect(rules(run({}, { disks: ["sesn_1", "sesn_7"] }))).toEqual(rule);
  expect(rules(run({}, { running: [...running, { pid: 3, name: null }] }))).toEqual(rule);
  expect(rules(run({}, { running: [...running, { pid: 3, name: "sesn_1" }] }))).toEqual(rule);
});
