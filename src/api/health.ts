// `/healthz`: this process answers. `/readyz`: which parts work, for monitoring and, in words, for people.
import { Hono } from "hono";
import type { Networking } from "../contract/environments.ts";
import { ceilingWords } from "../contract/networking-ceiling.ts";

export type PartHealth = {
  ok: boolean;
  /** `degraded`: not as it should be, but Berth can be used. */
  state: "ok" | "degraded" | "down";
  /** One sentence: what holds, or what is wrong and what to do. */
  detail: string;
  [fact: string]: unknown;
};
export type Readiness = { status: "ready" | "not_ready"; version: string; parts: Record<string, PartHealth> };

export type PackageTool = {
  tool: string;
  hosts: readonly { host: string; plain: boolean }[];
  problem: string | null;
};

/** What is known of the other processes. `null`: could not be asked, and why. */
export type HealthFacts = {
  database: { error: string | null };
  migrations: { current: boolean; detail: string } | null;
  /** What package managers are set to; null: not told yet. */
  packages: readonly PackageTool[] | null;
  /** What no environment may exceed. */
  ceiling: Networking;
  workers: readonly { id: string; seenAgoMs: number; version: string; health: unknown }[] | null;
};

/** A worker writes a sign of life every two seconds. */
const WORKER_SILENCE_MS = 10_000;

export function healthRoutes({ readFacts, version }: { readFacts: () => Promise<HealthFacts>; version: string }) {
  return new Hono()
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .get("/readyz", async (context) => {
      const readiness = toReadiness(await readFacts(), version);
      context.header("cache-control", "no-store");
      return context.json(readiness, readiness.status === "ready" ? 200 : 503);
    });
}

export function toReadiness(facts: HealthFacts, version: string): Readiness {
  // One that holds a suspect alone takes no work, and knows nothing of its surroundings.
  const isWorker = ({ health, seenAgoMs }: { health: unknown; seenAgoMs: number }) =>
    seenAgoMs < WORKER_SILENCE_MS && recordOf(health).alone === undefined;
  const workers = facts.workers?.filter(isWorker) ?? [];
  const parts = {
    database:
      facts.database.error === null
        ? up("Postgres answers.")
        : down(`Postgres does not answer: ${facts.database.error}`),
    migrations: migrationsPart(facts.migrations),
    worker: workerPart(workers, facts.workers),
    sandbox: worstOf(workers, sandboxPart),
    gateway: worstOf(workers, gatewayPart),
    data: dataPart(workers.map((worker) => worker.health)),
    snapshots: snapshotsPart(workers),
    tools: worstOf(workers, toolsPart),
    packages: packagesPart(facts.packages),
    networking: networkingPart(facts.ceiling),
  };
  const essential = [parts.database, parts.migrations, parts.worker];
  return { status: essential.every((part) => part.ok) ? "ready" : "not_ready", version, parts };
}

function migrationsPart(migrations: HealthFacts["migrations"]): PartHealth {
  if (!migrations) return down("The schema is not known while the database is away.");
  return migrations.current ? up(migrations.detail) : down(migrations.detail);
}

function packagesPart(tools: HealthFacts["packages"]): PartHealth {
  if (!tools) return degraded("Not known yet: the egress broker tells, once it has asked npm, pip and the others.");
  const written = tools.map(({ tool, hosts, problem }) => {
    const names = hosts.map(({ host, plain }) => (plain ? `http://${host}` : host));
    const missing = problem === null || problem === "is not installed" ? [] : [`(${problem})`];
    return { tool, words: [...names, ...missing] };
  });
  const told = written.filter(({ words }) => words.length > 0).map(({ tool, words }) => `${tool}: ${words.join(", ")}`);
  if (told.length === 0) return up("No package manager is set up here; name its hosts in BERTH_PACKAGE_HOSTS.");
  return { ...up(`Packages come from – ${told.join("; ")}.`), hosts: tools.flatMap(({ hosts }) => hosts) };
}

function networkingPart(ceiling: Networking): PartHealth {
  const words =
    ceiling.type === "unrestricted"
      ? "Environments may allow every public host."
      : `No environment may allow more than: ${ceilingWords(ceiling)}.`;
  return { ...up(words), ceiling };
}

function workerPart(live: readonly { seenAgoMs: number; health: unknown }[], all: HealthFacts["workers"]): PartHealth {
  if (!all) return down("The workers are not known while the database is away.");
  const latest = live[0];
  if (!latest)
    return down(
      "No worker was seen in the last seconds: messages are kept, and answered once one runs (npm run worker).",
    );
  const health = recordOf(latest.health);
  const facts = { count: live.length, running: health.running ?? null, concurrency: health.concurrency ?? null };
  return {
    ...up(
      `${live.length === 1 ? "One worker" : `${live.length} workers`}, last seen ${(latest.seenAgoMs / 1000).toFixed(1)} s ago.`,
    ),
    ...facts,
  };
}

/** Each worker has surroundings of its own. Of several the one that is worst off; it is named when others are better off. */
function worstOf(
  workers: readonly { id: string; health: unknown }[],
  part: (workerHealth: unknown) => PartHealth | null,
): PartHealth {
  const rank = ({ ok, state }: PartHealth) => (ok ? (state === "ok" ? 2 : 1) : 0);
  const told = workers.flatMap(({ id, health }) => {
    const found = part(health);
    return found ? [{ id, found }] : [];
  });
  const [first, ...others] = told.toSorted((a, b) => rank(a.found) - rank(b.found));
  if (!first) return degraded("Not known yet: a worker tells.");
  if (!others.some(({ found }) => rank(found) > rank(first.found))) return first.found;
  return { ...first.found, detail: `${first.found.detail} (Of ${workers.length} workers: ${first.id}.)` };
}

function sandboxPart(workerHealth: unknown): PartHealth | null {
  const test = recordOf(recordOf(workerHealth).sandbox);
  if (typeof test.usable !== "boolean") return null;
  const checks = Array.isArray(test.checks) ? test.checks.map(recordOf) : [];
  const failing = checks.filter((check) => check.holds === false).map((check) => String(check.detail ?? check.name));
  const remedy = typeof test.remedy === "string" ? ` ${test.remedy}` : "";
  const facts = { checks };
  if (!test.usable) return { ...degraded(`Tools cannot run: ${failing.join("; ")}.${remedy}`), ok: false, ...facts };
  if (failing.length > 0)
    return { ...degraded(`Sandboxes work; what does not hold here: ${failing.join("; ")}.`), ...facts };
  return { ...up("Sandboxes work, and every check of the self-test holds."), ...facts };
}

function gatewayPart(workerHealth: unknown): PartHealth | null {
  const gateway = recordOf(recordOf(workerHealth).gateway);
  if (typeof gateway.ready !== "boolean") return null;
  const detail = String(gateway.message ?? "");
  const facts = {
    url: gateway.url ?? null,
    modelCount: gateway.modelCount ?? null,
    demo: gateway.ready && gateway.url === null,
  };
  return gateway.ready ? { ...up(detail), ...facts } : { ...degraded(detail), ok: false, ...facts };
}

/** Workers of the release before do not tell, and offer neither. */
function toolsPart(workerHealth: unknown): PartHealth {
  const { webSearch } = recordOf(workerHealth);
  const facts = { webSearch: webSearch === true };
  if (webSearch === true) return { ...up("All tools of the toolset work."), ...facts };
  return {
    ...up(
      "All tools of the toolset work but web_search, which is not offered: BERTH_SEARCH_URL names no search service.",
    ),
    ...facts,
  };
}

/**
 * Each worker asks the store for itself, so each may have an answer of its own: those that can't use it are named. Without
 * snapshots turns go on: a sandbox's disk keeps its files.
 */
function snapshotsPart(workers: readonly { id: string; health: unknown }[]): PartHealth {
  const known = workers
    .map(({ id, health }) => ({ id, blobs: recordOf(recordOf(health).blobs) }))
    .filter(({ blobs }) => typeof blobs.ok === "boolean");
  if (known.length === 0) return degraded("Not known yet: a worker tells.");
  const failing = known.filter(({ blobs }) => blobs.ok === false);
  const first = failing[0];
  if (!first) return up(`Files are kept in snapshots. ${String(known[0]?.blobs.detail ?? "")}`);
  const told = failing.map(({ id, blobs }) => `${id}: ${String(blobs.detail ?? "")}`).join("; ");
  const facts = { failing: failing.map(({ id }) => id) };
  if (workers.length === 1)
    return {
      ...degraded(`Snapshots of files wait, turns go on: ${String(first.blobs.detail ?? "")}`),
      ok: false,
      ...facts,
    };
  const who = failing.length === workers.length ? "all workers" : `${failing.length} of ${workers.length} workers`;
  return { ...degraded(`Snapshots of files wait in ${who}, turns go on: ${told}`), ok: false, ...facts };
}

/** Of several workers the one that objects: each looks at the data directory of its machine. */
function dataPart(workerHealths: readonly unknown[]): PartHealth {
  const known = workerHealths
    .map((health) => recordOf(recordOf(health).data))
    .filter((data) => typeof data.ours === "boolean");
  const data =
    known.find((one) => one.ours === false) ?? known.find((one) => one.setAside !== 0 || isMissing(one)) ?? known[0];
  if (!data) return degraded("Not known yet: a worker tells, once it reaches the sandboxes.");
  const detail = String(data.detail ?? "");
  if (data.ours === false) return { ...degraded(detail), ok: false };
  const facts = { setAside: data.setAside, missing: data.missing ?? 0 };
  return data.setAside === 0 && !isMissing(data) ? up(detail) : { ...degraded(detail), ...facts };
}

/** Workers of the release before do not tell. */
function isMissing(data: Record<string, unknown>): boolean {
  return typeof data.missing === "number" && data.missing > 0;
}

function up(detail: string): PartHealth {
  return { ok: true, state: "ok", detail };
}
function degraded(detail: string): PartHealth {
  return { ok: true, state: "degraded", detail };
}
function down(detail: string): PartHealth {
  return { ok: false, state: "down", detail };
}
function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
