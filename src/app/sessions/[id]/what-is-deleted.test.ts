// Before a session is deleted it is said what goes with it.
import { expect, test } from "vitest";
import { whatIsDeleted } from "./what-is-deleted.ts";

const none = { data: [], more: false };
const kept = (count: number, more = false) => ({ data: Array(count).fill({ files: 1, size_bytes: 5 }), more });

test("one that never used a tool has no files", () => {
  expect(whatIsDeleted({ status: "idle", sandbox: "none", snapshots: none })).toEqual([
    "The conversation",
    "No files: it has no sandbox",
  ]);
});

test("what runs, what sleeps, and how much is kept of it is said", () => {
  const running = whatIsDeleted({ status: "running", sandbox: "running", snapshots: none });
  expect(running).toContain("The agent's turn, which is under way: it ends");
  expect(running).toContain("Its sandbox, which is awake: whatever runs in it ends");
  expect(running).toContain("Its files, which no snapshot keeps yet");
  const asleep = whatIsDeleted({ status: "idle", sandbox: "hibernated", snapshots: kept(1) });
  expect(asleep).toContain("Its sandbox, which sleeps: nothing runs in it");
  expect(asleep).toContain("1 snapshot of its files");
  expect(asleep.join()).toMatch(/1 file of 5 B/);
  expect(asleep.join()).not.toMatch(/turn|awake/);
  const many = whatIsDeleted({ status: "idle", sandbox: "none", snapshots: kept(1000, true) });
  expect(many.join()).toMatch(/More than 1,000 snapshots/);
});
