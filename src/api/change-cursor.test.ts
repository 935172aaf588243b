// A cursor is taken where it means something, and refused with a reason where changes could be missed.
import { expect, test } from "vitest";
import { formatCursor, readCursor } from "./change-cursor.ts";

const now = { history: "7001/16384", nowMs: 1_700_000_000_000, place: 500n };
const hours = (count: number) => ({ ...now, nowMs: now.nowMs + count * 3_600_000 });

test.each([
  ["none yet", null, now, "start"],
  ["its own", formatCursor(321n, now), now, 321n],
  ["almost a day old", formatCursor(321n, now), hours(23), 321n],
  ["more than a day old", formatCursor(321n, now), hours(25), "cursor_expired"],
  ["of another database", formatCursor(321n, { ...now, history: "7001/5" }), now, "cursor_unknown"],
  ["of a future that was undone", formatCursor(501n, now), now, "cursor_unknown"],
  ["of a session's stream", "17", now, "cursor_unknown"],
  ["nonsense", "'; drop table", now, "cursor_unknown"],
  ["huge", `${"9".repeat(8)}-${"9".repeat(40)}-1`, now, "cursor_unknown"],
])("%s", (_, text, at, expected) => expect(readCursor(text, at)).toEqual(expected));
