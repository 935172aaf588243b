// Who waits for a person comes first, wherever it lies in the list; the others keep their places.
import { expect, test } from "vitest";
import type { Session } from "../../contract/sessions.ts";
import { orderSessions } from "./order-sessions.ts";

// Only what the order depends on.
const session = (id: string, waits = false) =>
  ({
    id,
    status: "idle",
    archived_at: null,
    stop_reason: waits ? { type: "requires_action", event_ids: [] } : null,
    waiting_for: waits
      ? { tool_confirmations: { count: 1, tools: [] }, custom_tool_results: { count: 0, tools: [] } }
      : null,
  }) as unknown as Session;
const ids = (sessions: Session[]) => sessions.map(({ id }) => id).join(" ");

test("one that waits in a page that was not read is shown first, each session once", () => {
  const listed = [session("e"), session("d", true), session("c"), session("b")];
  const waiting = [session("a", true), session("d", true)];
  expect(ids(orderSessions(listed, waiting))).toBe("a d e c b");
});

test("until all that wait are known, those of the list come first", () => {
  expect(ids(orderSessions([session("c"), session("b", true), session("a")], []))).toBe("b c a");
});

test("what happens in a session moves no row", () => {
  const rows = [session("c"), session("b"), session("a")];
  const later = rows.map(
    (row) => ({ ...row, updated_at: `2026-01-0${row.id === "a" ? 9 : 1}`, status: "running" }) as Session,
  );
  expect(ids(orderSessions(later, []))).toBe(ids(orderSessions(rows, [])));
});
