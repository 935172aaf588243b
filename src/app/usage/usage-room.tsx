// What the team used: sums, a chart by day and model, and tables by agent, model, session and day.
"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Suspense } from "react";
import type { UsageGroup, UsageRow } from "../../contract/usage.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { Download } from "../components/icons/icons.tsx";
import { lazyPart } from "../components/lazy-part.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { saveText } from "../components/save-text.ts";
import { Button } from "../components/ui/button.tsx";
import { useNow } from "../components/use-now.ts";
import { useBerth } from "../providers.tsx";
import { type ChartData, chartData } from "./chart-data.ts";
import { UsageControls } from "./usage-controls.tsx";
import { usageCsv } from "./usage-csv.ts";
import { metricWords, nothingWords } from "./usage-figures.ts";
import { type Metric, readUsageView, type UsageView } from "./usage-range.ts";
import { UsageTable } from "./usage-table.tsx";
import { UsageTotals } from "./usage-totals.tsx";

/** So soon a page that stays open notices the next day. */
const MINUTE_MS = 60_000;
const { Part: UsageChart } = lazyPart(async () => (await import("./usage-chart.tsx")).UsageChart);

/** Columns of nothing say nothing. */
function DayChart({ data, metric }: { data: ChartData; metric: Metric }) {
  if (data.series.length > 0)
    return (
      <Suspense fallback={<div className="h-72" />}>
        <UsageChart data={data} metric={metric} />
      </Suspense>
    );
  return <p className="rounded-md border border-line px-3 py-6 text-center text-muted">{nothingWords[metric]}</p>;
}

export function UsageRoom() {
  const berth = useBerth();
  const view = readUsageView(new URLSearchParams(useSearchParams()), useNow(MINUTE_MS));
  const byDay = useUsage(view, ["day", "model"]);
  const exported = useMutation({
    mutationFn: async () => {
      const report = await berth.usage.report({
        starting_on: view.from,
        ending_on: view.to,
        group_by: ["day", "agent", "model", "session"],
      });
      saveText(`berth-usage-${view.from}-${view.to}.csv`, usageCsv(report), "text/csv");
    },
  });
  const report = byDay.data;
  const nothing = report && report.data.length === 0;
  return (
    <>
      <PageHeader title="Usage">
        <Button disabled={exported.isPending || !report || nothing} onClick={() => exported.mutate()}>
          <Download aria-hidden /> CSV
        </Button>
      </PageHeader>
      <UsageControls view={view} />
      {exported.error && <FailureNote error={exported.error} />}
      {byDay.error && <FailureNote error={byDay.error} onRetry={() => void byDay.refetch()} />}
      {byDay.isPending && <ListSkeleton label="Adding up" />}
      {nothing && (
        <EmptyState title="Nothing was used in these days">
          <p>As soon as an agent asks its model, tokens, time and cost are counted here.</p>
        </EmptyState>
      )}
      {report && !nothing && (
        <div className="grid gap-6 p-4">
          <UsageTotals totals={report.totals} />
          <section className="min-w-0">
            <h2 className="mb-1 font-semibold">{metricWords[view.metric]} by day</h2>
            <DayChart data={chartData(report.data, view)} metric={view.metric} />
            <p className="text-[13px] text-muted">
              Days are UTC. Time counts for the day on which the agent came to rest.
            </p>
          </section>
          <Breakdowns view={view} />
        </div>
      )}
    </>
  );
}

function Breakdowns({ view }: { view: UsageView }) {
  const agents = useUsage(view, ["agent"]);
  const models = useUsage(view, ["model"]);
  const sessions = useUsage(view, ["session"]);
  const days = useUsage(view, ["day"]);
  const failed = [agents, models, sessions, days].find((query) => query.error);
  return (
    <>
      {failed && <FailureNote error={failed.error} onRetry={() => void failed.refetch()} />}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 xl:grid-cols-[repeat(2,minmax(0,1fr))]">
        <UsageTable
          title="By agent"
          rows={agents.data?.data ?? []}
          keyOf={(row) => row.agent?.id ?? ""}
          nameOf={(row) => (
            <Link href={`/agents/${row.agent?.id}`} className="text-accent hover:underline">
              <Name text={row.agent?.name ?? row.agent?.id ?? ""} />
            </Link>
          )}
        />
        <UsageTable
          title="By model"
          rows={models.data?.data ?? []}
          keyOf={(row) => row.model ?? ""}
          nameOf={(row) => <span className="font-mono text-[13px]">{visibleExactly(row.model ?? "")}</span>}
        />
        <UsageTable
          title="By session"
          rows={sessions.data?.data ?? []}
          keyOf={(row) => row.session?.id ?? ""}
          nameOf={(row) => <SessionName row={row} />}
        />
        <UsageTable
          title="By day"
          rows={[...(days.data?.data ?? [])].reverse()}
          keyOf={(row) => row.day ?? ""}
          nameOf={(row) => <time dateTime={row.day}>{row.day}</time>}
          limit={31}
        />
      </div>
    </>
  );
}

function SessionName({ row: { session } }: { row: UsageRow }) {
  if (!session) return null;
  if (session.deleted) return <span className="text-muted">Deleted session {session.id}</span>;
  return (
    <Link href={`/sessions/${session.id}`} className="text-accent hover:underline">
      {session.title ? <Name text={session.title} /> : "Untitled"}
    </Link>
  );
}

function useUsage({ from, to }: UsageView, groups: UsageGroup[]) {
  const berth = useBerth();
  return useQuery({
    queryKey: ["usage", from, to, ...groups],
    queryFn: ({ signal }) => berth.usage.report({ starting_on: from, ending_on: to, group_by: groups }, signal),
    // The old numbers stay until the new ones are there, while another measure is chosen.
    staleTime: 10_000,
  });
}
