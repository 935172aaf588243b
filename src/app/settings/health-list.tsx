// The server's parts, each with its state in words.
import type { PartHealth } from "../../client/health.ts";
import { CircleAlert, CircleCheck, CircleX } from "../components/icons/icons.tsx";

const stateWords: Record<PartHealth["state"], string> = {
  ok: "works",
  degraded: "works in part",
  down: "does not work",
};

export function HealthList({ parts }: { parts: Record<string, PartHealth> }) {
  return (
    <ul className="rounded-md border border-line bg-panel">
      {Object.entries(parts).map(([name, part]) => (
        <li key={name} className="flex items-start gap-3 border-line px-3 py-2 not-last:border-b">
          <PartIcon part={part} />
          <span className="w-32 shrink-0 font-medium">{name}</span>
          <span className="min-w-0 text-muted wrap-anywhere">
            <span className="text-text">{stateWords[part.state]}</span> – {part.detail}
          </span>
        </li>
      ))}
    </ul>
  );
}

function PartIcon({ part }: { part: PartHealth }) {
  if (part.state === "ok") return <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />;
  if (!part.ok) return <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />;
  return <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" />;
}
