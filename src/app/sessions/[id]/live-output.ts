// Output of a command while it runs: its end, and where something was left out. Pure.

import type { ToolOutputDelta } from "../../../contract/events.ts";
import { completeOutput } from "../../../lib/visible-text.ts";
import { formatBytes } from "../../components/format.ts";
import type { LiveOutput } from "./session-view.ts";

/** Above the limit it is cut down to what a person can see at once, and some more to scroll back. */
const MAX_CHARACTERS = 32_000;
const KEPT_CHARACTERS = 16_000;

export function addOutput(output: LiveOutput | null, { event_id, delta }: ToolOutputDelta): LiveOutput {
  const known = output?.eventId === event_id ? output : { eventId: event_id, parts: [], reached: 0 };
  const end = delta.byte_offset + delta.byte_count;
  // It was told before.
  if (end <= known.reached) return known;
  const { text } = delta.content;
  const before = delta.byte_offset - known.reached;
  const last = known.parts.at(-1);
  const parts =
    last && before <= 0
      ? [...known.parts.slice(0, -1), { before: last.before, text: last.text + text }]
      : [...known.parts, { before: Math.max(0, before), text }];
  return { eventId: event_id, parts: newest(parts), reached: end };
}

/** What is cut off at the beginning counts as left out. */
function newest(parts: LiveOutput["parts"]): LiveOutput["parts"] {
  let excess = parts.reduce((sum, part) => sum + part.text.length, 0);
  if (excess <= MAX_CHARACTERS) return parts;
  excess -= KEPT_CHARACTERS;
  let before = 0;
  const kept: { before: number; text: string }[] = [];
  for (const part of parts) {
    const cut = Math.max(0, Math.min(excess, part.text.length));
    excess -= cut;
    before += part.before + byteCount(part.text.slice(0, cut));
    if (cut === part.text.length) continue;
    kept.push({ before, text: part.text.slice(cut) });
    before = 0;
  }
  return kept;
}

/** As a terminal shows it: what was written over is gone, colours are still in it. */
export function onScreen(text: string): string {
  return completeOutput(text)
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.split("\r").findLast((written) => written !== "") ?? "")
    .join("\n");
}

export const leftOut = (bytes: number) => `… ${formatBytes(bytes)} left out …`;

const byteCount = (text: string) => new TextEncoder().encode(text).length;
