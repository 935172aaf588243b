// The commands that what is typed may become.
import { slashCommands, suggestSlash } from "./slash-command.ts";

export function SlashHints({ text, onChoose }: { text: string; onChoose: (text: string) => void }) {
  const names = suggestSlash(text);
  if (names.length === 0) return null;
  return (
    <ul aria-label="Commands" className="mx-auto grid max-w-3xl px-4 pb-2">
      {names.map((name) => (
        <li key={name}>
          <button
            type="button"
            className="flex w-full gap-3 rounded px-2 py-1 text-left hover:bg-sunken max-md:py-3"
            onClick={() => onChoose(`/${name}${slashCommands[name].argument ? " " : ""}`)}
          >
            <span className="font-mono">
              /{name}
              {slashCommands[name].argument && <span className="text-muted"> {slashCommands[name].argument}</span>}
            </span>
            <span className="text-muted">{slashCommands[name].what}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
