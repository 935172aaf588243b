// What a benchmark prints: a figure, the baseline of the same run, and whether the promise holds.

type Unit = "ms" | "s" | "MB" | "/s" | "%" | "×" | "";

export type Figure = {
  name: string;
  value: number;
  unit: Unit;
  /** The same thing without Berth, measured in the same run. */
  baseline?: number;
  goal?: Goal;
  note?: string;
};

/** What must hold, on the value itself, on its ratio to the baseline, or on its difference to it. */
type Goal = { of: "value" | "ratio" | "difference"; is: "≤" | "≥"; limit: number };

export function ratioOf(figure: Figure): number | null {
  return figure.baseline === undefined ? null : figure.value / figure.baseline;
}

/** Null when nothing was promised. */
export function isMet(figure: Figure): boolean | null {
  if (!figure.goal) return null;
  const { of, is, limit } = figure.goal;
  const baseline = figure.baseline ?? Number.NaN;
  const measured = { value: figure.value, ratio: figure.value / baseline, difference: figure.value - baseline }[of];
  return is === "≤" ? measured <= limit : measured >= limit;
}

export function formatTable(figures: readonly Figure[]): string {
  const header = ["figure", "Berth", "baseline", "ratio", "goal", "met", ""];
  const rows = figures.map((figure) => {
    const ratio = ratioOf(figure);
    return [
      figure.name,
      formatValue(figure.value, figure.unit),
      figure.baseline === undefined ? "–" : formatValue(figure.baseline, figure.unit),
      ratio === null ? "–" : `${ratio.toFixed(2)}×`,
      formatGoal(figure),
      { true: "yes", false: "NO", null: "–" }[`${isMet(figure)}`] ?? "–",
      figure.note ?? "",
    ];
  });
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

function formatGoal({ goal, unit }: Figure): string {
  if (!goal) return "–";
  if (goal.of === "ratio") return `${goal.is} ${goal.limit}×`;
  return `${goal.of === "difference" ? "+" : ""}${goal.is} ${goal.limit} ${unit}`;
}

function formatValue(value: number, unit: Unit): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
