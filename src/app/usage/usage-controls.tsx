// Which days are shown, and what is measured. Links and a form, so that the address says it.
"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { classNames } from "../components/class-names.ts";
import { Button } from "../components/ui/button.tsx";
import { Input, Select } from "../components/ui/input.tsx";
import { metricWords } from "./usage-figures.ts";
import { METRICS, PRESETS, type UsageView, usagePath } from "./usage-range.ts";

export function UsageControls({ view }: { view: UsageView }) {
  const router = useRouter();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2">
      <nav aria-label="Days" className="flex gap-1">
        {PRESETS.map((days) => (
          <Link
            key={days}
            href={usagePath({ ...view, days })}
            aria-current={view.days === days ? "true" : undefined}
            className={classNames(
              "inline-flex h-8 items-center rounded-md border px-2.5 text-[13px] hover:bg-sunken max-md:h-[44px]",
              view.days === days ? "border-accent bg-accent-soft font-medium text-accent" : "border-line text-muted",
            )}
          >
            {days} days
          </Link>
        ))}
      </nav>
      <ChosenDays key={`${view.from} ${view.to}`} view={view} />
      <Select
        aria-label="Measure"
        className="w-auto md:ml-auto"
        value={view.metric}
        onChange={(event) => {
          const metric = METRICS.find((one) => one === event.target.value);
          if (metric) router.replace(usagePath({ ...view, metric }));
        }}
      >
        {METRICS.map((metric) => (
          <option key={metric} value={metric}>
            {metricWords[metric]}
          </option>
        ))}
      </Select>
    </div>
  );
}

function ChosenDays({ view }: { view: UsageView }) {
  const router = useRouter();
  const [from, setFrom] = useState(view.from);
  const [to, setTo] = useState(view.to);
  const wrong = from === "" || to === "" || from > to;
  return (
    <form
      className="flex flex-wrap items-center gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) router.push(usagePath({ ...view, from, to, days: null }));
      }}
    >
      <Input
        type="date"
        aria-label="First day"
        className="w-auto"
        value={from}
        max={to}
        onChange={(event) => setFrom(event.target.value)}
      />
      <span className="text-muted">to</span>
      <Input
        type="date"
        aria-label="Last day"
        className="w-auto"
        value={to}
        min={from}
        onChange={(event) => setTo(event.target.value)}
      />
      <Button type="submit" disabled={wrong || (from === view.from && to === view.to)}>
        Show
      </Button>
    </form>
  );
}
