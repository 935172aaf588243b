// Previews of a command's output while it runs: a few times a second, bounded, best effort, never stored.
import type { OutputStart, ToolOutputDelta } from "../contract/events.ts";
import type { Preview } from "../db/wakeups.ts";
import { wholeCharacters } from "../lib/whole-characters.ts";
import type { OutputChunk } from "../sandboxes/sandbox.ts";

const EVERY_MS = 100;
/** What may wait to be sent; of more the newest. */
const MAX_WAITING_BYTES = 32 * 1024;
const MAX_PIECE_BYTES = 4 * 1024;
/** As JSON, so that one preview fits into one notification. */
const MAX_PIECE_JSON_BYTES = 6_500;
/** What was sent last is kept for those who come later. */
const KEPT_BYTES = 16 * 1024;

export type OutputPreviews = {
  /** More of the output. Where an offset jumps, what is between is left out. */
  take(chunk: OutputChunk): void;
  /** Sends again what was sent last: somebody has come who heard none of it. */
  repeat(): void;
  /** The result is there and tells the rest: what waits is dropped, and so is what still comes. */
  close(): void;
};

/** `resultId` is the id that the call's `agent.tool_result` will have. */
export function createOutputPreviews(options: {
  sessionId: string;
  toolUseId: string;
  resultId: string;
  send: (preview: Preview) => void;
}): OutputPreviews {
  const { sessionId, toolUseId, resultId, send } = options;
  /** Runs without a gap in them. */
  let waiting: OutputChunk[] = [];
  let sent: ToolOutputDelta[] = [];
  /** The byte after the last one that was sent. */
  let reached = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function flush(): void {
    const runs = waiting;
    waiting = [];
    for (const [index, run] of runs.entries()) sendRun(run, index === runs.length - 1);
  }

  function sendRun(run: OutputChunk, isLast: boolean): void {
    let { offset, bytes } = run;
    const skip = offset === reached ? 0 : restOfCharacter(bytes);
    offset += skip;
    bytes = bytes.subarray(skip);
    while (bytes.length > 0) {
      const piece = firstPiece(bytes, isLast);
      if (piece === null) {
        waiting = [{ offset, bytes }];
        return;
      }
      sendPiece({ ...piece, offset });
      offset += piece.byteCount;
      bytes = bytes.subarray(piece.byteCount);
    }
  }

  function sendPiece({ offset, byteCount, text }: { offset: number; byteCount: number; text: string }): void {
    if (sent.length === 0) sendStart();
    const content = { type: "text", text } as const;
    const delta = { type: "content_delta", index: 0, content, byte_offset: offset, byte_count: byteCount } as const;
    const data: ToolOutputDelta = { type: "event_delta", event_id: resultId, tool_use_id: toolUseId, delta };
    send({ sessionId, data });
    reached = offset + byteCount;
    sent.push(data);
    let kept = sent.reduce((sum, one) => sum + one.delta.byte_count, 0);
    while (kept > KEPT_BYTES) kept -= sent.shift()?.delta.byte_count ?? 0;
  }

  function sendStart(): void {
    const data: OutputStart = {
      type: "event_start",
      event: { type: "agent.tool_result", id: resultId, tool_use_id: toolUseId },
    };
    send({ sessionId, data });
  }

  function tick(): void {
    timer = undefined;
    const [first, ...more] = waiting;
    // The beginning of a character is no news by itself.
    if (!first || (more.length === 0 && wholeCharacters(first.bytes) === 0)) return;
    flush();
    timer = setTimeout(tick, EVERY_MS);
  }

  return {
    take({ offset, bytes }) {
      if (closed || bytes.length === 0) return;
      const last = waiting.at(-1);
      if (last && last.offset + last.bytes.length === offset) last.bytes = Buffer.concat([last.bytes, bytes]);
      else waiting.push({ offset, bytes });
      waiting = newest(waiting);
      if (!timer) tick();
    },
    repeat() {
      if (closed || sent.length === 0) return;
      sendStart();
      for (const data of sent) send({ sessionId, data });
    },
    close() {
      clearTimeout(timer);
      closed = true;
      waiting = [];
      sent = [];
    },
  };
}

function newest(runs: OutputChunk[]): OutputChunk[] {
  let excess = runs.reduce((sum, run) => sum + run.bytes.length, 0) - MAX_WAITING_BYTES;
  return runs.flatMap((run) => {
    const cut = Math.max(0, Math.min(excess, run.bytes.length));
    excess -= cut;
    return cut === run.bytes.length ? [] : [{ offset: run.offset + cut, bytes: run.bytes.subarray(cut) }];
  });
}

/** Bytes at the beginning that belong to a character before. */
function restOfCharacter(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1;
  return count;
}

/** Null: only the beginning of a character is there, and the rest may come. */
function firstPiece(bytes: Uint8Array, mayGoOn: boolean): { byteCount: number; text: string } | null {
  for (let limit = MAX_PIECE_BYTES; ; limit = limit >> 1) {
    const start = bytes.subarray(0, limit);
    const whole = wholeCharacters(start);
    if (whole === 0 && mayGoOn) return null;
    const byteCount = whole || start.length;
    // NUL as in results, which can't hold it.
    const text = Buffer.from(start.subarray(0, byteCount)).toString("utf8").replaceAll("\0", "\uFFFD");
    if (Buffer.byteLength(JSON.stringify(text)) <= MAX_PIECE_JSON_BYTES) return { byteCount, text };
  }
}
