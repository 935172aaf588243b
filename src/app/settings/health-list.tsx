// The server's parts, each with its state in words.
import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import type { PartHealth } from "../../client/health.ts";

export function HealthList({ parts }: { parts: PartHealth[] }) {
  return (
    <ul className="rounded-md border border-line bg-panel">
      {parts.map((part) => (
        <li key={part.name} className="flex items-start gap-3 border-line px-3 py-2 not-last:border-b">
          <PartIcon state={part.state} />
          <span className="w-32 shrink-0 font-medium">{part.name}</span>
          <span className="min-w-0 text-muted wrap-anywhere">
            <span className="text-text">{part.state}</span>
            {part.detail && ` – ${part.detail}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function PartIcon({ state }: { state: string }) {
  if (state === "ok") return <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />;
  if (state === "down") return <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />;
  return <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" />;
}
