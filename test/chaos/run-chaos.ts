// One run: sessions of every kind at work, faults by a seeded plan, then silence, and the facts for the oracle.
import { spawn } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { childEnv } from "../../src/lib/child-env.ts";
import { createLocalBackend } from "../../src/sandboxes/local/local.ts";
import { startScriptedProvider } from "../support/scripted-provider.ts";
import { pickFrom, seeded } from "../support/seeded.ts";
import { type Part, type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";
import { collectSessions, listSessionIds, readLedgers } from "./collect-sessions.ts";
import type { ChaosFacts, Finding, ProcessFacts } from "./facts.ts";
import { chooseFault, withDatabase } from "./faults.ts";
import { disksOf, runningSandboxes } from "./lost-disks.ts";
import { countInDoubt, countRestores, FD_GROWTH, judge } from "./oracle.ts";
import { request, type Server } from "./patient-client.ts";
import { leftoversOf, weigh } from "./processes.ts";
import { keepPrompts } from "./prompts.ts";
import { startRowUpstream } from "./row-upstream.ts";
import { keepSecondWorker } from "./second-worker.ts";
import { startShakyGateway } from "./shaky-gateway.ts";
import { allDone, allWorked, type Driven, driveMany } from "./workload.ts";

/** Bugs that are made on purpose, from outside, to see whether the oracle finds them. */
export type PlantedBug = "drop an event" | "run a tool twice" | "leak a process" | "leak a sandbox";

export type ChaosOptions = {
  seed: number;
  faults: number;
  sessions: number;
  /** Between two faults, at most. */
  pauseMs: number;
  plant?: readonly PlantedBug[];
  print: (line: string) => void;
};

export type ChaosReport = {
  seed: number;
  faults: Record<string, number>;
  sessions: number;
  turns: number;
  accepted: number;
  stored: number;
  reconnects: number;
  effects: number;
  rewinds: number;
  forks: number;
  deletions: number;
  /** Requests from sandboxes that arrived at a service outside. */
  rows: number;
  /** Snapshots that clients were told of, sandboxes that were lost with their disks, and receipts of files that came back. */
  snapshots: number;
  losses: number;
  restores: number;
  inDoubt: number;
  seconds: number;
  findings: Finding[];
};

/** Faults, and how long every session may take to get on after them. */
const BREATH_AFTER = 25;
const BREATH_MS = 120_000;
/** Until connections that nobody uses are closed. */
const SETTLE_MS = 90_000;

const WEIGHED: readonly Part[] = ["supervisor", "web", "worker", "sandboxd"];

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, print } = options;
  const startedAt = Date.now();
  const random = seeded(seed);
  const kept = keepPrompts();
  const provider = await startScriptedProvider({ onChat: kept.note });
  const gateway = await startShakyGateway({ targetUrl: provider.url, maxDelayMs: 250, random: seeded(seed + 1) });
  const upstream = await startRowUpstream();
  // A disk of 4 GB that is full, lost and brought back is a test of this machine's disk.
  const sandboxEnv = { BERTH_SANDBOX_IDLE_S: "5", BERTH_SANDBOX_DISK_MB: "128" };
  const gatewayEnv = { LITELLM_GATEWAY_URL: gateway.url, LITELLM_API_KEY: "sk-chaos", ...sandboxEnv };
  const system = await startSystem({ env: { ...gatewayEnv, ...upstream.env } });
  const secondWorker = await keepSecondWorker(system.dataDir, gatewayEnv);
  const struck: Record<string, number> = {};
  let strays: (() => void)[] = [];
  let goesOn = true;
  try {
    const server: Server = { url: system.url, apiKey: system.apiKey };
    const driven = await driveMany({
      server,
      count: options.sessions,
      seed: seed + 100,
      goesOn: () => goesOn,
      upstream,
    });
    // Everything is warm, and has done some work, when it is weighed first.
    await until(() => allWorked(driven, () => 1), { timeoutMs: 60_000 });
    const before = await weighAll(system);

    const striking: Promise<void>[] = [];
    const world = { system, gateway, secondWorker, driven, random };
    for (let count = 0; count < options.faults; count++) {
      const fault = chooseFault(random);
      struck[fault.name] = (struck[fault.name] ?? 0) + 1;
      print(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${fault.name}`);
      // Faults overlap, but those that start everything again: two starts on one data directory would be a fault of the test.
      if (fault.alone) await Promise.all(striking.splice(0));
      const strike = fault.strike(world);
      if (fault.alone) await strike;
      else striking.push(strike);
      await sleep(random() * options.pauseMs);
      if (count % BREATH_AFTER === BREATH_AFTER - 1) await breathe(striking.splice(0), driven);
    }
    await Promise.all(striking);
    goesOn = false;
    await until(async () => (await fetch(`${system.url}/healthz`).catch(() => null))?.ok, { timeoutMs: 60_000 });
    await allDone(driven);
    if (options.plant?.includes("run a tool twice")) await runAToolTwice(server, driven);
    const ledgers = await readLedgers(driven);
    if (options.plant?.includes("drop an event")) await dropAnEvent(system, driven);
    if (options.plant?.includes("leak a sandbox")) await leakASandbox(system.dataDir);
    const prompts = kept.bySession(driven);
    const ask = <T>(act: (client: pg.Client) => Promise<T>) => withDatabase(system, act);
    const sessions = await collectSessions({ server, driven, ledgers, prompts, ask });
    const sessionIds = await ask(listSessionIds);
    const running = runningSandboxes((await system.pid("sandboxd")) ?? 0);
    const disks = disksOf(system.dataDir);
    const processes = await compareWeights(system, before);
    for (const one of driven) one.stream.close();
    if (options.plant?.includes("leak a process")) strays = [leakAProcess(system.dataDir)];
    await secondWorker.stop();
    const exitCode = await system.stop();
    const leftovers = leftoversOf(system.dataDir);
    if (exitCode !== 0) leftovers.push(`npm start ended with ${exitCode}`);
    const deleted = driven.flatMap((one) => one.deleted);
    const facts: ChaosFacts = {
      sessions,
      sessionIds,
      deleted,
      rows: upstream.rows,
      running,
      disks,
      processes,
      leftovers,
    };
    const findings = judge(facts);
    if (findings.length > 0) print(`logs and sessions: ${keepEvidence(seed, system.dataDir, facts)}`);
    return {
      seed,
      faults: struck,
      sessions: sessions.length,
      turns: driven.reduce((sum, one) => sum + one.turns, 0),
      accepted: sessions.reduce((sum, one) => sum + one.accepted.length, 0),
      stored: sessions.reduce((sum, one) => sum + one.stored.length, 0),
      reconnects: driven.reduce((sum, one) => sum + one.stream.reconnects, 0),
      effects: sessions.reduce((sum, one) => sum + one.effects.size, 0),
      rewinds: sessions.reduce((sum, one) => sum + one.rewinds.length, 0),
      forks: sessions.filter(({ forkOf }) => forkOf !== null).length,
      deletions: deleted.length,
      rows: upstream.rows.size,
      snapshots: sessions.reduce((sum, one) => sum + one.kept.length, 0),
      losses: sessions.reduce((sum, one) => sum + one.losses, 0),
      restores: countRestores(facts),
      inDoubt: countInDoubt(facts),
      seconds: Math.round((Date.now() - startedAt) / 1000),
      findings,
    };
  } finally {
    goesOn = false;
    for (const end of strays) end();
    await secondWorker.stop();
    await system.dispose();
    await gateway.stop();
    await provider.stop();
    await upstream.stop();
  }
}

/**
 * Where starting a part takes as long as it lives, nothing gets on, and that is nobody's fault. So from time to time all goes well until
 * every session has ended a turn; one that does not says so itself.
 */
async function breathe(striking: readonly Promise<void>[], driven: readonly Driven[]): Promise<void> {
  await Promise.all(striking);
  const before = new Map(driven.map((one) => [one, one.turns]));
  const deadline = Date.now() + BREATH_MS;
  while (!allWorked(driven, (one) => (before.get(one) ?? 0) + 1) && Date.now() < deadline) await sleep(100);
}

/** For whoever looks for the cause: the directory with the logs of all parts, and each session's log. */
function keepEvidence(seed: number, dataDir: string, { sessions }: ChaosFacts): string {
  const directory = path.resolve(import.meta.dirname, "../../test-results", `chaos-${seed}`);
  rmSync(directory, { recursive: true, force: true });
  cpSync(path.join(dataDir, "logs"), path.join(directory, "logs"), { recursive: true });
  for (const { id, stored, complaints } of sessions)
    writeFileSync(path.join(directory, `${id}.json`), JSON.stringify({ complaints, stored }, null, 1));
  return directory;
}

async function weighAll(system: System): Promise<Map<Part, ReturnType<typeof weigh>>> {
  const weights = new Map<Part, ReturnType<typeof weigh>>();
  for (const part of WEIGHED) {
    const pid = await system.pid(part);
    if (pid !== null) weights.set(part, weigh(pid));
  }
  return weights;
}

/** Connections that this test kept open a moment ago to read everything are no leak: a leak stays. */
async function compareWeights(system: System, before: Awaited<ReturnType<typeof weighAll>>): Promise<ProcessFacts[]> {
  const deadline = Date.now() + SETTLE_MS;
  let after = await weighAll(system);
  const grown = () => [...before].some(([part, was]) => (after.get(part)?.fds ?? 0) > was.fds + FD_GROWTH);
  while (grown() && Date.now() < deadline) {
    await sleep(250);
    after = await weighAll(system);
  }
  return [...before].flatMap(([part, was]) => {
    const is = after.get(part);
    if (!is) return [];
    return [{ part, rssMbBefore: was.rssMb, rssMbAfter: is.rssMb, fdsBefore: was.fds, fdsAfter: is.fds }];
  });
}

/** A second line for a marker that is there already, by a command that nobody wrote down as the marker's. */
async function runAToolTwice(server: Server, driven: readonly Driven[]): Promise<void> {
  const one = driven.find(({ kind }) => kind === "steps");
  if (!one) throw new Error("no session to plant a bug in");
  const from = one.stream.frames.length;
  const text = "RUNCMD[tail -n 1 /workspace/ledger | tee -a /workspace/ledger]";
  const { data } = await request<{ data: { id: string; type: string }[] }>(
    server,
    "POST",
    `/v1/sessions/${one.sessionId}/events`,
    {
      events: [{ type: "user.message", content: [{ type: "text", text }] }],
    },
  );
  one.accepted.push(...data.map(({ id, type }) => ({ id, type })));
  const ended = (frames: readonly { type: string }[]) => frames.slice(from).at(-1)?.type === "session.status_idle";
  await one.stream.waitFor(ended, 60_000, "the planted turn did not end");
}

async function dropAnEvent(system: System, driven: readonly Driven[]): Promise<void> {
  const one = pickFrom(() => 0, driven);
  await withDatabase(system, (client) =>
    client.query(
      "delete from events where session_id = $1 and type = 'agent.message' and seq = (select min(seq) from events where session_id = $1 and type = 'agent.message')",
      [one.sessionId],
    ),
  );
}

function leakAProcess(dataDir: string): () => void {
  const child = spawn("/bin/sleep", ["600"], { env: childEnv({ BERTH_DATA_DIR: dataDir }), stdio: "ignore" });
  return () => child.kill("SIGKILL");
}

/** Made behind the platform's back: it runs, and no session knows it. */
async function leakASandbox(dataDir: string): Promise<void> {
  const backend = createLocalBackend({ socketPath: path.join(dataDir, "run", "sandboxd.sock"), patienceMs: 5_000 });
  try {
    await backend.create("sesn_leaked", { limits: { memoryMb: 256, cpus: 1, pids: 64, diskMb: 256 }, env: {} });
  } finally {
    await backend.close();
  }
}
