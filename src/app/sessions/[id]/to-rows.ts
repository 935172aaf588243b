// The conversation as the rows that are drawn: an item each, and calls that run in parallel a few to a row.
import type { Item, SessionView, ToolCallItem, Turn, UserMessageItem } from "./session-view.ts";
import type { OutgoingMessage } from "./use-outbox.ts";

/** Some of the calls that one answer of the model asked for together: `first` counts from 0 within all `total`. */
export type CallsRow = { kind: "calls"; key: string; calls: readonly ToolCallItem[]; first: number; total: number };
export type Row =
  | { kind: "item"; key: string; item: Item }
  | CallsRow
  /** The model was asked and nothing of its answer can be seen yet. */
  | { kind: "working"; key: string }
  | { kind: "queued"; key: string; item: UserMessageItem }
  | { kind: "outgoing"; key: string; message: OutgoingMessage };

/** Side by side where there is room. A row stays small however many calls there are, so that only what is seen is drawn. */
const CALLS_IN_ROW = 2;

export function toRows(
  { turns, queued }: Pick<SessionView, "turns" | "queued">,
  outgoing: readonly OutgoingMessage[],
): Row[] {
  const rows: Row[] = [];
  for (const turn of turns) for (const row of rowsOfTurn(turn)) rows.push(row);
  for (const item of queued) rows.push({ kind: "queued", key: item.id, item });
  for (const message of outgoing) rows.push({ kind: "outgoing", key: message.key, message });
  return rows;
}

/** Place of the row that shows an item; -1 when none does. */
export function indexOfRow(rows: readonly Row[], itemId: string): number {
  return rows.findIndex((row) => {
    if (row.kind === "calls") return row.calls.some(({ id }) => id === itemId);
    return (row.kind === "item" || row.kind === "queued") && row.item.id === itemId;
  });
}

export function countItems(turns: readonly Turn[]): number {
  return turns.reduce((count, turn) => count + turn.items.length, 0);
}

/** Turns never change, they are replaced: only those that are new are looked at. */
const known = new WeakMap<Turn, readonly Row[]>();

function rowsOfTurn(turn: Turn): readonly Row[] {
  const before = known.get(turn);
  if (before) return before;
  const rows = inParallel(turn.items).flatMap((items): Row[] => {
    const [only] = items;
    if (only && items.length === 1) return [{ kind: "item", key: only.id, item: only }];
    return callsRows(items as readonly ToolCallItem[]);
  });
  if (isSilent(turn)) rows.push({ kind: "working", key: `working ${turn.id}` });
  known.set(turn, rows);
  return rows;
}

/** Items in order; calls of one request that follow each other are one entry. */
function inParallel(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last && requestOf(item) !== null && requestOf(last[0]) === requestOf(item)) last.push(item);
    else groups.push([item]);
  }
  return groups;
}

function requestOf(item: Item | undefined): string | null {
  return item?.kind === "tool_call" ? item.requestId : null;
}

function callsRows(calls: readonly ToolCallItem[]): CallsRow[] {
  const rows: CallsRow[] = [];
  for (let first = 0; first < calls.length; first += CALLS_IN_ROW) {
    const own = calls.slice(first, first + CALLS_IN_ROW);
    rows.push({ kind: "calls", key: own[0]?.id ?? "", calls: own, first, total: calls.length });
  }
  return rows;
}

function isSilent(turn: Turn): boolean {
  if (turn.endedAt !== null || turn.openRequests.length === 0) return false;
  const last = turn.items.at(-1);
  return !(last?.kind === "agent_message" && last.state === "writing") && last?.kind !== "thinking";
}
