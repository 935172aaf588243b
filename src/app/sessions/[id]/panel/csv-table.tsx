// A CSV file as a table: its first rows, each cell as text.
"use client";

import Papa from "papaparse";
import { useMemo } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";

const MAX_ROWS = 1_000;
const MAX_COLUMNS = 100;

export function CsvTable({ text }: { text: string }) {
  const rows = useMemo(() => {
    const parsed = Papa.parse<string[]>(text, { preview: MAX_ROWS + 2, skipEmptyLines: "greedy" });
    return parsed.data.map((cells) => cells.slice(0, MAX_COLUMNS));
  }, [text]);
  const [head = [], ...body] = rows;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
    <div tabIndex={0} className="overflow-x-auto p-3">
      <table className="border-collapse text-[13px]">
        <thead>
          <tr>
            {head.map((cell, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns may have one name
              <th key={column} scope="col" className="border border-line bg-sunken px-2 py-1 text-left font-medium">
                {visibleExactly(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(0, MAX_ROWS).map((cells, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no names
            <tr key={row}>
              {cells.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may have one name
                <td key={column} className="border border-line px-2 py-1 tabular-nums">
                  {visibleExactly(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {body.length > MAX_ROWS && (
        <p className="pt-2 text-muted">The first {MAX_ROWS.toLocaleString()} rows. Download the file for all.</p>
      )}
    </div>
  );
}
