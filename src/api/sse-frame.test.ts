// Frames of a stream: a place in the log each, and a user event told in both of its states.
import { expect, test } from "vitest";
import { createSseParser } from "../lib/sse.ts";
import { deletedFrame, type LogEntry, previewBytes, toFrame } from "./sse-frame.ts";

const entry: LogEntry = {
  seq: 7,
  id: "sevt_1",
  type: "user.message",
  payload: { content: [{ type: "text", text: "line one\nline two\r\n\u2028 ż" }] },
  echo: false,
  processedAt: new Date(5),
};
const read = (bytes: Buffer) => createSseParser().push(bytes);

test("a frame reads back as the event, with its place as id", () => {
  const frames = read(toFrame({ ...entry, echo: true }).bytes);
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({ event: "user.message", id: "7" });
  const event = { id: "sevt_1", type: "user.message", ...entry.payload, processed_at: "1970-01-01T00:00:00.005Z" };
  expect(JSON.parse(frames[0]?.data ?? "")).toEqual(event);
});

test("where a user event was accepted it is not processed, also when it is replayed later", () => {
  const [frame] = read(toFrame(entry).bytes);
  expect(JSON.parse(frame?.data ?? "").processed_at).toBeNull();
});

test("what the agent did is processed where it stands", () => {
  const [frame] = read(toFrame({ ...entry, type: "agent.message" }).bytes);
  expect(JSON.parse(frame?.data ?? "").processed_at).not.toBeNull();
});

test("previews have no id, so that nobody resumes from them", () => {
  expect(read(previewBytes({ type: "event_start", event: { type: "agent.message", id: "sevt_1" } }))).toMatchObject([
    { event: "event_start", id: null },
  ]);
});

test("the end of a session has the same id from every process", () => {
  const at = new Date(0);
  const of = (seq: number) => deletedFrame({ sessionId: "sesn_01m82rd8srj5xg41591txrxht4", seq, at }).previewId;
  expect(of(3)).toBe(of(9));
  expect(of(3)).toMatch(/^sevt_[0-9a-z]{26}$/);
});
