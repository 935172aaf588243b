// What a typed command may become; Tab takes the first.
import { visibleExactly } from "../../../lib/visible-text.ts";
import type { SlashHint } from "./use-slash-hints.ts";

export function SlashHints({ hints, onChoose }: { hints: readonly SlashHint[]; onChoose: (text: string) => void }) {
  if (hints.length === 0) return null;
  return (
    <ul aria-label="Commands" className="mx-auto grid max-h-60 grid-cols-1 w-full max-w-3xl overflow-y-auto px-4 pb-2">
      {hints.map(({ text, argument, what }) => (
        <li key={text}>
          <button
            type="button"
            className="flex w-full min-w-0 gap-3 rounded px-2 py-1 text-left hover:bg-sunken max-md:min-h-[44px] max-md:flex-col max-md:justify-center max-md:gap-0"
            onClick={() => onChoose(text)}
          >
            <span className="shrink-0 font-mono">
              {visibleExactly(text.trimEnd())}
              {argument && <span className="text-muted"> {argument}</span>}
            </span>
            <span className="min-w-0 truncate text-muted max-md:text-[13px]">{what}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
