// About how high a row will be, before it is drawn: what it says decides where everything after it stands until then.
import type { Item, ToolCallItem } from "./session-view.ts";
import type { Row } from "./to-rows.ts";

const LINE_PX = 21;
const SMALL_LINE_PX = 17;
const LINE_CHARACTERS = 100;
const CARD_PX = 38;
/** Time and copy button below a message. */
const FOOT_PX = 28;
/** Longer texts are cut when they are drawn. */
const MAX_LINES = 60;

export function estimateRowPx(row: Row): number {
  switch (row.kind) {
    case "item":
      return itemPx(row.item);
    case "calls":
      return (row.first === 0 ? 28 : 0) + Math.max(...row.calls.map(callPx));
    case "working":
      return LINE_PX;
    case "queued":
      return itemPx(row.item) + 32;
    case "outgoing":
      return contentPx(row.message.content) + FOOT_PX;
  }
}

function itemPx(item: Item): number {
  switch (item.kind) {
    case "user_message":
      return contentPx(item.content) + FOOT_PX;
    case "agent_message":
      return textPx(item.text) + FOOT_PX;
    case "tool_call":
      return callPx(item);
    case "thinking":
    case "note":
      return LINE_PX;
    case "receipt":
      return CARD_PX + 3 * LINE_PX;
    case "error":
      return 66;
  }
}

function contentPx(content: readonly { type: string }[]): number {
  const [text] = content;
  return 16 + (text && "text" in text && typeof text.text === "string" ? textPx(text.text) : 40);
}

function textPx(text: string): number {
  let lines = 0;
  let at = 0;
  while (lines < MAX_LINES && at < text.length) {
    const end = text.indexOf("\n", at);
    const length = (end === -1 ? text.length : end) - at;
    lines += Math.max(1, Math.ceil(length / LINE_CHARACTERS));
    at += length + 1;
  }
  return Math.min(lines, MAX_LINES) * LINE_PX;
}

/** A closed card shows the first lines of its output. */
function callPx(call: ToolCallItem): number {
  if (call.state === "asking") return 190;
  if (call.state === "awaiting_result") return 180;
  const text = call.result?.find((block) => block.type === "text")?.text ?? "";
  const lines = text === "" ? 0 : text.slice(0, 400).trim().split("\n").length;
  return CARD_PX + (lines === 0 ? 0 : Math.min(lines, 3) * SMALL_LINE_PX + 8);
}
