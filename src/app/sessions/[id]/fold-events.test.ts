// The timeline has what a session went through, in the order in which it entered the conversation.
import { describe, expect, test } from "vitest";
import type { StreamEvent } from "../../../contract/events.ts";
import { foldEvents } from "./fold-events.ts";
import {
  answer,
  at,
  call,
  confirm,
  delta,
  find,
  idle,
  items,
  requestEnd,
  requestStart,
  result,
  running,
  say,
  sequence,
  start,
} from "./made-up-events.ts";
import { emptyView } from "./session-view.ts";

/** Two turns with everything: queueing, previews, thinking, parallel calls, an approval, an error, an interrupt. */
const STORY: StreamEvent[] = [
  say("m1", "hello", false),
  running("s1"),
  say("m1", "hello"),
  requestStart("r1"),
  start("t1", "agent.thinking"),
  { id: "t1", type: "agent.thinking", processed_at: at() },
  start("a1"),
  delta("a1", "Hel"),
  delta("a1", "lo."),
  answer("a1", "Hello."),
  call("c1"),
  call("c2", "ask"),
  requestEnd("r1e", "r1"),
  say("m2", "and then?", false),
  result("c1r", "c1"),
  idle("i1", ["c2"]),
  confirm("k1", "c2", true, false),
  running("s2"),
  confirm("k1", "c2", true),
  result("c2r", "c2", true),
  say("m2", "and then?"),
  requestStart("r2"),
  start("a2"),
  delta("a2", "half"),
  requestEnd("r2e", "r2"),
  {
    id: "e1",
    type: "session.error",
    error: { type: "model_overloaded_error", message: "busy", retry_status: { type: "retrying" } },
    processed_at: at(),
  },
  { id: "x1", type: "session.status_rescheduled", processed_at: at() },
  running("s3"),
  call("c3", "ask"),
  idle("i2", ["c3"]),
  confirm("k2", "c3", false),
  running("s4"),
  result("c3r", "c3", true),
  call("c4"),
  { id: "z1", type: "user.interrupt", processed_at: at() },
  idle("i3"),
  { id: "u1", type: "session.updated", title: "A title", processed_at: at() },
  say("m3", "again", false),
  running("s5"),
  say("m3", "again"),
  answer("a3", "Yes."),
  idle("i4"),
];
const story = sequence(STORY);
const whole = foldEvents(emptyView, story);

describe("the story", () => {
  test("has its items in the order in which they entered the conversation", () => {
    expect(items(whole).map((item) => item.id)).toEqual([
      "m1",
      "t1",
      "a1",
      "c1",
      "c2",
      "m2",
      "a2",
      "e1",
      "c3",
      "c4",
      "z1",
      "m3",
      "a3",
    ]);
    expect(whole.turns.map((turn) => turn.items.length)).toEqual([11, 2]);
  });

  test.each([
    ["c1", "done"],
    ["c2", "failed"],
    ["c3", "denied"],
    ["c4", "unfinished"],
    ["a1", "done"],
    ["a2", "cut"],
  ])("ends with %s %s", (id, state) => expect(find(whole, id)).toMatchObject({ state }));

  test("counts tokens, keeps the title and the status", () => {
    expect(whole.tokens).toMatchObject({ input_tokens: 20, output_tokens: 10, cache_read_input_tokens: 2 });
    expect(whole).toMatchObject({ title: "A title", status: "idle", stopReason: { type: "end_turn" }, queued: [] });
  });

  test("an allowed call starts to run when it was allowed, not when it was asked", () => {
    const allowed = STORY.find((event) => event.type === "user.tool_confirmation" && event.processed_at !== null);
    expect(find(whole, "c2")).toMatchObject({
      startedAt: allowed && "processed_at" in allowed && allowed.processed_at,
    });
  });
});

test("parts that did not change keep their identity, so that they are not drawn again", () => {
  const next = foldEvents(whole, [{ seq: whole.lastSeq + 1, event: say("m4", "more", false) }]);
  expect(next.turns[0]).toBe(whole.turns[0]);
  expect(next.turns[1]).toBe(whole.turns[1]);
});

test("a view is never changed by a later fold", () => {
  for (let length = 0; length < story.length; length++) {
    const view = foldEvents(emptyView, story.slice(0, length));
    const before = structuredClone(view);
    foldEvents(view, story.slice(length));
    expect(view).toEqual(before);
  }
});

test("without previews the end is the same but for the message that never came", () => {
  const view = foldEvents(
    emptyView,
    story.filter((each) => each.seq !== null),
  );
  expect(items(view).map((item) => item.id)).toEqual(
    items(whole).flatMap((item) => (item.id === "a2" ? [] : [item.id])),
  );
});

test("ten thousand events fold into their items", () => {
  const long: StreamEvent[] = [running("s")];
  for (let index = 0; index < 5_000; index++) long.push(call(`c${index}`), result(`r${index}`, `c${index}`));
  expect(items(foldEvents(emptyView, sequence(long)))).toHaveLength(5_000);
});

test("a repository is being cloned until it is there, or the turn is over", () => {
  const place = { resource_id: "r", repository_url: "https://git.example.com/acme/app", mount_path: "/workspace/app" };
  const told = (id: string, fields: { status: "cloning" } | { status: "ready"; duration_ms: number }): StreamEvent => ({
    ...{ id, type: "session.repository", processed_at: at() },
    ...place,
    ...fields,
  });
  const begun = [running("s1"), call("c1"), told("e1", { status: "cloning" })];
  const view = foldEvents(emptyView, sequence(begun));
  expect(view.cloning).toEqual(["r"]);
  expect(find(view, "e1")).toMatchObject({
    kind: "note",
    text: "Cloning https://git.example.com/acme/app to /workspace/app",
  });
  const ready = told("e2", { status: "ready", duration_ms: 1_500 });
  expect(foldEvents(emptyView, sequence([...begun, ready])).cloning).toEqual([]);
  expect(foldEvents(emptyView, sequence([...begun, idle("i1")])).cloning).toEqual([]);
});

test("why a request was refused is said in words", () => {
  const refused: StreamEvent = {
    ...{
      id: "e1",
      type: "session.egress_refused",
      processed_at: at(),
      egress_request_id: "x",
      method: "GET",
      port: 443,
    },
    ...{ host: "a.example", path: "/", rule: "host_mismatch", detail: null },
  };
  expect(find(foldEvents(emptyView, sequence([refused])), "e1")).toMatchObject({
    text: "Security: the sandbox's request to a.example was refused (the names in TLS, Host and CONNECT differ). Details are in the tab Network.",
  });
});
