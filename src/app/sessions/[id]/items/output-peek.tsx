// First lines of a result, for a card that is closed.
import type { ResultBlock } from "../../../../contract/content.ts";
import { visibleOutput } from "../../../../lib/visible-text.ts";

const LINES = 3;
const MAX_CHARACTERS = 400;

export function OutputPeek({ blocks }: { blocks: readonly ResultBlock[] }) {
  const text = blocks.find((block) => block.type === "text")?.text ?? "";
  // Only what can be shown is made visible: a result may be megabytes long.
  const lines = visibleOutput(text.slice(0, MAX_CHARACTERS)).trim().split("\n");
  if (lines[0] === "") return null;
  return (
    <pre className="mx-3 mb-2 ml-9 overflow-hidden font-mono text-xs leading-snug text-muted">
      {lines.slice(0, LINES).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a finished text never move
        <span key={index} className="block truncate">
          {line === "" ? " " : line}
        </span>
      ))}
    </pre>
  );
}
