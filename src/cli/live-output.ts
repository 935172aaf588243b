// Output of commands on a terminal while they run: as it comes, up to some lines; the end of more is told with the result.
import type { ToolOutputDelta } from "../contract/events.ts";
import { completeOutput, visibleOutput } from "../lib/visible-text.ts";

/** Shown of one command while it runs. */
const LIVE_LINES = 40;
const LIVE_CHARACTERS = 8_000;
/** Of the end of a command that printed more. */
const LAST_LINES = 6;

type Shown = {
  /** The byte after the last one that came. */
  reached: number;
  /** The beginning of what cannot be shown yet. */
  held: string;
  text: string;
  /** Nothing was left out so far. */
  whole: boolean;
  stopped: boolean;
};

export type LiveOutput = {
  take(delta: ToolOutputDelta): void;
  /** Ends the line that is being written: something else comes. */
  breakOff(): void;
  /** The lines of a result that were not seen while it ran; null: none of it was, or it cannot be told. */
  unseen(callId: string, result: string): string[] | null;
};

/** `begin` is called before output of another call than before is written. */
export function createLiveOutput(options: {
  write: (text: string) => void;
  begin: (callId: string) => void;
}): LiveOutput {
  const { write, begin } = options;
  const calls = new Map<string, Shown>();
  let current: { callId: string; output: Shown } | null = null;

  function breakOff(): void {
    if (current && !atLineStart(current.output)) print(current.output, "\n");
    current = null;
  }

  function print(output: Shown, text: string): void {
    const lines = text.split("\n");
    const started = !atLineStart(output);
    write(lines.map((line, index) => (line === "" || (index === 0 && started) ? line : `  ${line}`)).join("\n"));
    output.text += text;
  }

  function printUpToLimit(output: Shown, text: string): void {
    const room = LIVE_LINES - (output.text.split("\n").length - 1);
    const lines = text.split("\n");
    const fits = lines.length <= room && output.text.length + text.length <= LIVE_CHARACTERS;
    print(
      output,
      fits
        ? text
        : lines
            .slice(0, room)
            .join("\n")
            .slice(0, LIVE_CHARACTERS - output.text.length),
    );
    if (fits) return;
    output.stopped = true;
    print(output, `${atLineStart(output) ? "" : "\n"}… more output, its end is shown with the result\n`);
  }

  return {
    take({ tool_use_id: callId, delta }) {
      const output = calls.get(callId) ?? { reached: 0, held: "", text: "", whole: true, stopped: false };
      calls.set(callId, output);
      const leftOut = delta.byte_offset - output.reached;
      const end = delta.byte_offset + delta.byte_count;
      // It was told before.
      if (end <= output.reached) return;
      output.reached = end;
      if (output.stopped) return;
      if (current?.callId !== callId) {
        breakOff();
        begin(callId);
        current = { callId, output };
      }
      if (leftOut > 0) {
        output.whole = false;
        output.held = "";
        printUpToLimit(output, `${atLineStart(output) ? "" : "\n"}… ${leftOut} bytes left out …\n`);
      }
      const text = output.held + delta.content.text;
      const complete = completeOutput(text);
      output.held = text.slice(complete.length);
      if (!output.stopped) printUpToLimit(output, visibleOutput(complete));
    },
    breakOff,
    unseen(callId, result) {
      const output = calls.get(callId);
      calls.delete(callId);
      if (!output || output.text === "") return null;
      if (current?.callId === callId) breakOff();
      const lines = visibleOutput(result).trimEnd().split("\n");
      if (output.stopped || !output.whole) return lines.slice(-LAST_LINES);
      const seen = output.text.trimEnd().split("\n");
      const last = seen.length - 1;
      if (!seen.every((line, index) => (index === last ? lines[index]?.startsWith(line) : line === lines[index])))
        return null;
      // The last line may have gone on.
      return lines.slice(lines[last] === seen[last] ? seen.length : last);
    },
  };
}

const atLineStart = (output: Shown) => output.text === "" || output.text.endsWith("\n");
