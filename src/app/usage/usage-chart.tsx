// One column a day, stacked by model. The table of days beside it says the same in numbers.
"use client";

import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { visibleExactly } from "../../lib/visible-text.ts";
import type { ChartData } from "./chart-data.ts";
import { formatValue, metricWords } from "./usage-figures.ts";
import type { Metric } from "./usage-range.ts";

/** As many as there are series at most. */
const COLOURS = ["var(--accent)", "var(--teal)", "var(--violet)", "var(--waiting)", "var(--good)", "var(--muted)"];
const text = { fill: "var(--muted)", fontSize: 12 };

export function UsageChart({ data, metric }: { data: ChartData; metric: Metric }) {
  const rows = data.days.map(({ day, values }) => ({ day, values }));
  return (
    <figure aria-label={`${metricWords[metric]} by day and model`} className="h-72 min-w-0">
      <ResponsiveContainer width="100%" height="100%">
        <BarChart data={rows} margin={{ top: 8, right: 8, bottom: 0, left: 8 }} accessibilityLayer>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="day"
            tick={text}
            tickLine={false}
            axisLine={{ stroke: "var(--line)" }}
            tickFormatter={(day: string) => day.slice(5)}
            minTickGap={24}
          />
          <YAxis
            tick={text}
            tickLine={false}
            axisLine={false}
            width={64}
            tickFormatter={(value: number) => formatValue(value, metric)}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: "var(--sunken)" }}
            contentStyle={{ background: "var(--panel)", border: "1px solid var(--line)", borderRadius: 6 }}
            labelStyle={{ color: "var(--text)" }}
            itemStyle={{ color: "var(--text)" }}
            formatter={(value) => formatValue(Number(value), metric)}
          />
          <Legend formatter={(name: string) => <span className="text-text">{name}</span>} />
          {data.series.map((model, index) => (
            <Bar
              key={model}
              name={visibleExactly(model)}
              dataKey={(row: (typeof rows)[number]) => row.values[index] ?? 0}
              stackId="day"
              fill={COLOURS[index]}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </figure>
  );
}
