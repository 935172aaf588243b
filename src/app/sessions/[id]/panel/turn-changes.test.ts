// What is told of the last turn, for each way that turns and snapshots can fall together.
import { expect, test } from "vitest";
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Snapshot } from "../../../../contract/snapshots.ts";
import { foldEvents } from "../fold-events.ts";
import { at, call, idle, result, running, say, sequence } from "../made-up-events.ts";
import { emptyView } from "../session-view.ts";
import { turnChanges } from "./turn-changes.ts";

/** A turn of seven events: its message waits first, and enters at the third. */
const turn = (name: string, last: StreamEvent = idle(`${name}-idle`)): StreamEvent[] => [
  say(`${name}-say`, "do it", false),
  running(`${name}-run`),
  say(`${name}-say`, "do it"),
  call(`${name}-call`),
  result(`${name}-result`, `${name}-call`),
  { id: `${name}-text`, type: "agent.message", content: [{ type: "text", text: "done" }], processed_at: at() },
  last,
];
const names = (...paths: string[]) => ({ count: paths.length, paths });
type Changes = NonNullable<Snapshot["changes"]>;
const changes = (since: [string, number] | null, parts: Partial<Changes>): Changes => ({
  since: since && { snapshot_id: since[0], seq: since[1], at: "2026-01-01T00:00:00.000Z" },
  ...{ added: names(), changed: names(), removed: names() },
  ...parts,
});
function snapshot(id: string, seq: number, of: Changes | null, more: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ type: "snapshot", id, session_id: "sesn_a", state: "earlier", reason: "turn", created_at: at() },
    ...{ checked_at: at(), seq, checked_seq: seq, after_event_id: null, files: 1, size_bytes: 1, new_bytes: 1 },
    ...{ left_out: 0, changes: of, ...more },
  };
}
function tell(events: StreamEvent[], ...snapshots: Snapshot[]) {
  const [newest, ...others] = snapshots;
  const log: StreamEvent[] = [];
  for (const { seq, event } of sequence(events)) if (seq !== null) log[seq] = event;
  const listed = newest ? [{ ...newest, state: "current" as const }, ...others] : [];
  return turnChanges(listed, foldEvents(emptyView, sequence(events)), log);
}

test("without a turn nothing is said; of one that runs, or waits for a person, that it is told later", () => {
  expect(tell([])).toBeNull();
  expect(tell(turn("a").slice(0, 5))).toEqual({ state: "waiting" });
  expect(tell(turn("a", idle("wait", ["a-call"])), snapshot("s1", 7, changes(null, {})))).toEqual({ state: "waiting" });
});

test("a turn that has ended is told with the first snapshot after it, and not with one from before its end", () => {
  expect(tell(turn("a"))).toEqual({ state: "waiting" });
  expect(tell(turn("a"), snapshot("s1", 6, changes(null, {})))).toEqual({ state: "waiting" });
  expect(tell(turn("a"), snapshot("s1", 7, changes(null, { added: names("/workspace/a") })))).toEqual({
    ...{ state: "known", turns: 1, since: null },
    net: { counts: { added: 1, changed: 0, removed: 0 }, files: [{ path: "/workspace/a", kind: "added" }] },
  });
});

test("a turn that has run no tool changed nothing, whatever snapshots there are", () => {
  const spoken = turn("b").filter(({ type }) => !type.startsWith("agent.tool"));
  const nothing = { state: "known", turns: 1, net: { files: [] } };
  expect(tell(spoken)).toMatchObject(nothing);
  expect(tell([...turn("a"), ...spoken], snapshot("s1", 7, changes(null, { added: names("a") })))).toMatchObject(
    nothing,
  );
});

test("of the last turn only, when a snapshot was taken just before it; files that stayed the same are told, too", () => {
  const events = [...turn("a"), ...turn("b")];
  const first = snapshot("s1", 7, changes(null, { added: names("a", "b") }));
  expect(tell(events, first)).toEqual({ state: "waiting" });
  const second = snapshot("s2", 14, changes(["s1", 7], { removed: names("a") }));
  expect(tell(events, second, first)).toMatchObject({ turns: 1, net: { files: [{ path: "a", kind: "removed" }] } });
  expect(tell(events, { ...first, checked_seq: 14 })).toMatchObject({ state: "known", turns: 1, net: { files: [] } });
});

test("a snapshot that is of several turns says of how many", () => {
  const events = [...turn("a"), ...turn("b"), ...turn("c")];
  const first = snapshot("s1", 7, changes(null, {}));
  const last = snapshot("s2", 21, changes(["s1", 7], { changed: names("a") }));
  expect(tell(events, last, first)).toMatchObject({ turns: 2, net: { counts: { changed: 1 } } });
  expect(tell(events, snapshot("s1", 21, changes(null, { added: names("a") })))).toMatchObject({ turns: 3 });
  // What was taken before is not kept any more.
  expect(tell(events, last)).toMatchObject({ turns: 2, net: { counts: { changed: 1 } } });
});

test("what a person changed between two turns is not the second one's, when files were kept before its first call", () => {
  const events = [...turn("a"), ...turn("b")];
  const first = snapshot("s1", 7, changes(null, {}));
  for (const seq of [7, 8, 9, 10]) {
    const between = snapshot("s2", seq, changes(["s1", 7], { added: names("upload") }));
    const last = snapshot("s3", 14, changes(["s2", seq], { changed: names("a") }));
    expect(tell(events, last, between, first)).toMatchObject({
      turns: 1,
      net: { files: [{ path: "a", kind: "changed" }] },
    });
  }
});

test("snapshots from within a turn are taken together; when names are missing, or it is not known, less is said", () => {
  const events = [...turn("a"), ...turn("b", idle("b-wait", ["b-call"])), ...turn("c").slice(3)];
  const first = snapshot("s1", 7, changes(null, { added: names("a") }));
  const within = snapshot("s2", 14, changes(["s1", 7], { added: names("b"), removed: names("a") }));
  const last = snapshot("s3", 18, changes(["s2", 14], { changed: names("b") }));
  const both = [
    { path: "a", kind: "removed" },
    { path: "b", kind: "added" },
  ];
  expect(tell(events, last, within, first)).toMatchObject({ turns: 1, net: { files: both } });
  const many = { ...within, changes: changes(["s1", 7], { added: { count: 500, paths: ["b"] } }) };
  expect(tell(events, last, many, first)).toMatchObject({
    ...{ turns: null, since: "2026-01-01T00:00:00.000Z" },
    net: { files: [{ path: "b", kind: "changed" }] },
  });
  expect(tell(events, last, { ...within, changes: null }, first)).toBeNull();
});

test("after a rewind the turn before it is the last one, and its snapshot tells of it", () => {
  const rewound: StreamEvent = { id: "r", type: "session.rewound", event_id: "b-say", processed_at: at() };
  const events = [...turn("a"), ...turn("b"), rewound];
  const first = snapshot("s1", 7, changes(null, { added: names("a") }));
  expect(tell(events, first)).toMatchObject({ turns: 1, net: { files: [{ path: "a", kind: "added" }] } });
});
