// The sums of all that is shown.
import type { UsageFigures } from "../../contract/usage.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { formatCount } from "../components/format.ts";
import { formatCostOf } from "./usage-figures.ts";

export function UsageTotals({ totals }: { totals: UsageFigures }) {
  const facts: [name: string, value: string, note: string | undefined][] = [
    [
      "Cost",
      formatCostOf(totals),
      totals.unpriced_requests > 0
        ? `${formatCount(totals.unpriced_requests)} requests without a known price`
        : undefined,
    ],
    ["Tokens in", formatCount(totals.input_tokens), `${formatCount(totals.cache_read_input_tokens)} read from cache`],
    ["Tokens out", formatCount(totals.output_tokens), undefined],
    ["Model requests", formatCount(totals.model_requests), undefined],
    ["Tool calls", formatCount(totals.tool_calls), undefined],
    ["Active time", formatDuration(totals.active_seconds * 1_000), undefined],
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-6">
      {facts.map(([name, value, note]) => (
        <div key={name} className="grid content-start gap-0.5 bg-panel px-3 py-2">
          <dt className="text-[13px] text-muted">{name}</dt>
          <dd className="text-base font-semibold tabular-nums">{value}</dd>
          {note && <dd className="text-xs text-muted">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
