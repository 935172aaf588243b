// One breakdown: a name and its numbers a row, the dearest first.
import type { ReactNode } from "react";
import type { UsageRow } from "../../contract/usage.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { formatCount } from "../components/format.ts";
import { formatCostOf, tokensOf } from "./usage-figures.ts";

type UsageTableProps = {
  title: string;
  rows: readonly UsageRow[];
  keyOf: (row: UsageRow) => string;
  nameOf: (row: UsageRow) => ReactNode;
  /** Rows beyond are left to the CSV file. */
  limit?: number;
};

export function UsageTable({ title, rows, keyOf, nameOf, limit = 20 }: UsageTableProps) {
  const shown = rows.slice(0, limit);
  return (
    <section className="min-w-0">
      <h2 className="mb-1 font-semibold">{title}</h2>
      <div className="overflow-x-auto rounded-md border border-line">
        <table className="w-full border-collapse text-left">
          <thead className="text-[13px] text-muted">
            <tr className="border-b border-line [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-medium [&>th]:whitespace-nowrap">
              <th scope="col">Name</th>
              <th scope="col" className="text-right">
                Cost
              </th>
              <th scope="col" className="text-right">
                Tokens
              </th>
              <th scope="col" className="text-right max-md:hidden">
                Requests
              </th>
              <th scope="col" className="text-right max-md:hidden">
                Active
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr
                key={keyOf(row)}
                className="border-b border-line last:border-0 [&>td]:px-3 [&>td]:py-1.5 [&>td]:tabular-nums max-md:[&>td]:py-3"
              >
                <td className="w-full max-w-0 truncate">{nameOf(row)}</td>
                <td className="text-right whitespace-nowrap">{formatCostOf(row)}</td>
                <td className="text-right">{formatCount(tokensOf(row))}</td>
                <td className="text-right max-md:hidden">{formatCount(row.model_requests)}</td>
                <td className="text-right whitespace-nowrap max-md:hidden">
                  {formatDuration(row.active_seconds * 1_000)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown.length && (
        <p className="mt-1 text-[13px] text-muted">{rows.length - shown.length} more are in the CSV file.</p>
      )}
    </section>
  );
}
