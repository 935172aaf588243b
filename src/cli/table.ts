// Lists in columns. Pure.

/** Columns are as wide as their longest cell; the last one is cut to what is left of `width`; null cuts nothing. */
export function renderTable(rows: readonly (readonly string[])[], width: number | null): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const padded = row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join("  ");
      const line = padded.trimEnd();
      return `${width !== null && line.length > width ? `${line.slice(0, Math.max(width - 1, 1))}…` : line}\n`;
    })
    .join("");
}

const steps = [
  { limitMs: 60_000, unitMs: 1_000, unit: "s" },
  { limitMs: 3_600_000, unitMs: 60_000, unit: "min" },
  { limitMs: 172_800_000, unitMs: 3_600_000, unit: "h" },
  { limitMs: Number.POSITIVE_INFINITY, unitMs: 86_400_000, unit: "d" },
] as const;

/** `4 min`; a clock that is behind gives `0 s`. */
export function age(then: string, nowMs: number): string {
  const ms = Math.max(0, nowMs - Date.parse(then));
  const step = steps.find((one) => ms < one.limitMs) ?? steps[3];
  return `${Math.floor(ms / step.unitMs)} ${step.unit}`;
}
