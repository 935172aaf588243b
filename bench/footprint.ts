// P8: how soon it is ready, what it weighs at rest, and what each active sandbox adds.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startSystem } from "../test/support/system.ts";
import { createWaiter, idOf, userMessage } from "./berth.ts";
import type { Figure } from "./figures.ts";
import { type ProcessFacts, readPssKb } from "./machine.ts";
import { median } from "./statistics.ts";
import { type processesOf, type RunningBerth, withBerth } from "./system.ts";

const STARTS = 3;
const SANDBOXES = 10;
/** How long nothing may happen before the memory at rest is read. */
const REST_MS = 5_000;

export async function benchFootprint(print: (line: string) => void): Promise<Figure[]> {
  const { firstMs, startsMs, pagesMs } = await starts(print);
  const atRest = await withBerth({ ui: true }, async ({ system, processes }) => {
    await openDashboard(system);
    await rest();
    const found = await processes();
    const partOf = await partNames(system, found);
    const parts = await weigh(found, partOf);
    for (const [part, kb] of parts) print(`at rest: ${part} ${(kb / 1024).toFixed(0)} MB`);
    return { total: sum(parts), parts };
  });
  const perSandbox = await withBerth({ env: { BERTH_SANDBOX_WARM: "0" } }, (running) => weighSandboxes(running, print));
  return [
    {
      name: `npm start → ready, existing data, p50 of ${STARTS}`,
      value: median(startsMs) / 1000,
      unit: "s",
      goal: { of: "value", is: "≤", limit: 5 },
      note: startsMs.map((ms) => (ms / 1000).toFixed(1)).join(", "),
    },
    { name: "npm start → three pages of the dashboard served", value: median(pagesMs) / 1000, unit: "s" },
    { name: "npm start → ready, empty data directory, built tree", value: firstMs / 1000, unit: "s" },
    {
      name: "memory (PSS) at rest: all processes, dashboard, Postgres, 2 warm sandboxes",
      value: atRest.total / 1024,
      unit: "MB",
      goal: { of: "value", is: "≤", limit: 450 },
      note: [...atRest.parts].map(([part, kb]) => `${part} ${(kb / 1024).toFixed(0)}`).join(", "),
    },
    {
      name: `memory (PSS) of an active sandbox, mean of ${SANDBOXES}`,
      value: perSandbox / 1024,
      unit: "MB",
      goal: { of: "value", is: "≤", limit: 25 },
    },
  ];
}

async function starts(
  print: (line: string) => void,
): Promise<{ firstMs: number; startsMs: number[]; pagesMs: number[] }> {
  // The tree must be built before a start is measured: building is a cost of its own (`--install`).
  await withBerth({ ui: true }, async () => undefined);
  const dataDir = await mkdtemp(path.join(tmpdir(), "berth-bench-"));
  const firstStartMs = performance.now();
  const system = await startSystem({ ui: true, dataDir });
  const firstMs = performance.now() - firstStartMs;
  try {
    const startsMs: number[] = [];
    const pagesMs: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      await system.stop();
      const startMs = performance.now();
      await system.start();
      startsMs.push(performance.now() - startMs);
      await openDashboard(system);
      pagesMs.push(performance.now() - startMs);
      print(`start ${start + 1}: ${startsMs.at(-1)?.toFixed(0)} ms`);
    }
    return { firstMs, startsMs, pagesMs };
  } finally {
    await system.dispose();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The first page costs the memory that the dashboard's server needs from then on. */
async function openDashboard({ url }: { url: string }): Promise<void> {
  for (const page of ["/login", "/", "/agents"]) {
    const response = await fetch(`${url}${page}`);
    if (response.status >= 500) throw new Error(`${page} answered ${response.status}`);
    await response.text();
  }
}

/** Runs one command in each of ten new sandboxes and weighs what is new below sandboxd. */
async function weighSandboxes(running: RunningBerth, print: (line: string) => void): Promise<number> {
  const before = await sandboxProcesses(running);
  for (let index = 0; index < SANDBOXES; index++) await runOneCommand(running);
  await rest();
  const known = new Set(before.map(({ pid }) => pid));
  const added = (await sandboxProcesses(running)).filter(({ pid }) => !known.has(pid));
  const byCommand = await weigh(added, ({ command }) => command.split(" ")[0]?.split("/").at(-1) ?? "?");
  for (const [command, kb] of byCommand) print(`a sandbox: ${command} ${(kb / 1024 / SANDBOXES).toFixed(1)} MB`);
  return sum(byCommand) / SANDBOXES;
}

async function runOneCommand({ berth, agentId, environmentId }: RunningBerth): Promise<void> {
  const session = await berth.post("/v1/sessions", {
    agent: agentId,
    environment_id: environmentId,
    initial_events: [userMessage("RUNCMD[echo ready]")],
  });
  const waiter = createWaiter();
  const stream = await berth.follow(idOf(session), 0, waiter.onEvent);
  await waiter.wait(({ type }) => type === "session.status_idle");
  stream.close();
  const result = waiter.events.find(({ type }) => type === "agent.tool_result");
  if (result?.event.is_error !== false) throw new Error(`no sandbox: ${JSON.stringify(result?.event)}`);
}

async function sandboxProcesses({ system, processes }: RunningBerth): Promise<ProcessFacts[]> {
  const found = await processes();
  const partOf = await partNames(system, found);
  return found.filter((facts) => partOf(facts) === "sandboxes");
}

/** Which part of Berth a process belongs to: the nearest ancestor with a pid file; below sandboxd all are sandboxes. */
async function partNames(
  system: Parameters<typeof processesOf>[0],
  processes: readonly ProcessFacts[],
): Promise<(facts: ProcessFacts) => string> {
  const parts = ["supervisor", "web", "worker", "postgres", "sandboxd"] as const;
  const partOfPid = new Map<number, string>();
  for (const part of parts) {
    const pid = await system.pid(part);
    if (pid !== null) partOfPid.set(pid, part);
  }
  const parentOf = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  return ({ pid }) => {
    if (partOfPid.has(pid)) return partOfPid.get(pid) ?? "?";
    for (let above = parentOf.get(pid); above !== undefined; above = parentOf.get(above)) {
      const part = partOfPid.get(above);
      if (part) return part === "sandboxd" ? "sandboxes" : part;
    }
    return "other";
  };
}

async function weigh(
  processes: readonly ProcessFacts[],
  groupOf: (facts: ProcessFacts) => string,
): Promise<Map<string, number>> {
  const groups = new Map<string, number>();
  for (const facts of processes) {
    const group = groupOf(facts);
    groups.set(group, (groups.get(group) ?? 0) + (await readPssKb(facts.pid)));
  }
  return groups;
}

function sum(groups: ReadonlyMap<string, number>): number {
  return [...groups.values()].reduce((total, kb) => total + kb, 0);
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}
