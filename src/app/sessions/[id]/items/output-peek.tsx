// A few lines of output, for a card that is closed: the first of a result, the last while the command runs.
import type { ResultBlock } from "../../../../contract/content.ts";
import { visibleOutput } from "../../../../lib/visible-text.ts";
import { leftOut, onScreen } from "../live-output.ts";
import type { LiveOutput } from "../session-view.ts";

const LINES = 3;
const LIVE_LINES = 6;
const MAX_CHARACTERS = 400;
const MAX_LIVE_CHARACTERS = 2_000;

export function OutputPeek({ blocks }: { blocks: readonly ResultBlock[] }) {
  const text = blocks.find((block) => block.type === "text")?.text ?? "";
  // Only what can be shown is made visible: a result may be megabytes long.
  const lines = visibleOutput(text.slice(0, MAX_CHARACTERS)).trim().split("\n");
  return lines[0] === "" ? null : <Lines lines={lines.slice(0, LINES)} />;
}

export function LivePeek({ output }: { output: LiveOutput }) {
  const lines = output.parts.flatMap(({ before, text }) => [
    ...(before > 0 ? [leftOut(before)] : []),
    ...visibleOutput(onScreen(text).slice(-MAX_LIVE_CHARACTERS)).trimEnd().split("\n"),
  ]);
  return <Lines lines={lines.slice(-LIVE_LINES)} />;
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <pre dir="ltr" className="mx-3 mb-2 ml-9 overflow-hidden font-mono text-xs leading-snug text-muted">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names, and what stands in a place may change
        <span key={index} className="block truncate">
          {line === "" ? " " : line}
        </span>
      ))}
    </pre>
  );
}
