// What can go wrong with one machine's Berth, each as one action that ends with the cause removed.
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findEmbeddedPostgresUrl } from "../../src/db/embedded/embedded-postgres.ts";
import { pickFrom } from "../support/seeded.ts";
import type { Part, System } from "../support/system.ts";
import { loseDisk } from "./lost-disks.ts";
import { descendantsNamed } from "./processes.ts";
import type { SecondWorker } from "./second-worker.ts";
import type { ShakyGateway } from "./shaky-gateway.ts";
import type { Driven } from "./workload.ts";

export type World = {
  system: System;
  gateway: ShakyGateway;
  secondWorker: SecondWorker;
  driven: readonly Driven[];
  random: () => number;
};
export type Fault = {
  name: string;
  weight: number;
  /** Nothing else may go wrong meanwhile. */
  alone?: true;
  strike: (world: World) => Promise<void>;
};

const PARTS: readonly Part[] = ["web", "worker", "sandboxd", "egress", "postgres"];

async function signalPart(world: World, part: Part, signal: NodeJS.Signals): Promise<boolean> {
  const pid = await world.system.pid(part);
  return pid !== null && signalProcess(pid, signal);
}

function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It is just being started again.
    return false;
  }
}

const kill = (part: Part, weight: number): Fault => ({
  name: `kill -9 ${part}`,
  weight,
  strike: async (world) => {
    await signalPart(world, part, "SIGKILL");
  },
});

const pause = (part: Part, longestS: number): Fault => ({
  name: `stop and continue ${part}`,
  weight: 1,
  strike: async (world) => {
    const pid = await world.system.pid(part);
    if (pid === null || !signalProcess(pid, "SIGSTOP")) return;
    await sleep(world.random() * longestS * 1_000);
    signalProcess(pid, "SIGCONT");
  },
});

/** How Postgres is told to restart: `SIGINT` ends sessions and shuts down in order, `SIGQUIT` drops everything at once. */
const restartDatabase = (how: string, signal: NodeJS.Signals): Fault => ({
  name: `restart postgres (${how})`,
  weight: 1,
  strike: async (world) => {
    await signalPart(world, "postgres", signal);
  },
});

export const FAULTS: readonly Fault[] = [
  kill("worker", 4),
  kill("web", 3),
  kill("sandboxd", 1),
  kill("egress", 1),
  kill("postgres", 2),
  restartDatabase("fast", "SIGINT"),
  restartDatabase("immediate", "SIGQUIT"),
  {
    name: "kill -9 a runner",
    weight: 2,
    strike: async ({ system, random }) => {
      const sandboxd = await system.pid("sandboxd");
      const runners = sandboxd === null ? [] : descendantsNamed(sandboxd, "runner");
      if (runners.length > 0) signalProcess(pickFrom(random, runners), "SIGKILL");
    },
  },
  {
    name: "a sandbox is lost with its disk",
    weight: 3,
    strike: async ({ system, driven, random }) => {
      const sandboxd = await system.pid("sandboxd");
      // Mostly of those whose files are in a snapshot: they have something to come back from.
      const kept = driven.filter((one) => one.kept.length > 0);
      const one = pickFrom(random, random() < 0.7 && kept.length > 0 ? kept : driven);
      if (sandboxd !== null && (await loseDisk(system.dataDir, sandboxd, one.sessionId))) one.losses += 1;
    },
  },
  pause("worker", 5),
  pause("web", 3),
  pause("sandboxd", 3),
  pause("egress", 1),
  {
    name: "kill -9 the second worker",
    weight: 3,
    strike: async ({ secondWorker }) => {
      const pid = secondWorker.pid();
      if (pid !== null) signalProcess(pid, "SIGKILL");
    },
  },
  {
    name: "stop a worker for longer than its lease",
    weight: 0.3,
    strike: async ({ secondWorker }) => {
      const pid = secondWorker.pid();
      if (pid === null || !signalProcess(pid, "SIGSTOP")) return;
      await sleep(34_000);
      signalProcess(pid, "SIGCONT");
    },
  },
  {
    name: "the second worker's way to the database falls silent",
    weight: 1,
    strike: async ({ secondWorker, random }) => {
      secondWorker.wire.silence();
      await sleep(random() * 8_000);
      secondWorker.wire.mend();
    },
  },
  {
    name: "the second worker's way to the database is slow",
    weight: 1,
    strike: async ({ secondWorker, random }) => {
      secondWorker.wire.slow(100 + random() * 400);
      await sleep(random() * 8_000);
      secondWorker.wire.mend();
    },
  },
  {
    name: "the second worker's clock jumps",
    weight: 1,
    strike: async ({ secondWorker, random }) => {
      secondWorker.setClock(Math.round((random() - 0.5) * 4 * 3_600_000));
      await sleep(random() * 6_000);
      secondWorker.setClock(0);
    },
  },
  {
    name: "cut the gateway",
    weight: 3,
    strike: async ({ gateway, random }) => {
      gateway.cut();
      await sleep(random() * 2_500);
      gateway.mend();
    },
  },
  {
    name: "cut all database connections",
    weight: 2,
    strike: async ({ system }) => {
      await withDatabase(system, (client) =>
        client.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and application_name like 'berth-%'`),
      );
    },
  },
  {
    name: "cut clients' streams",
    weight: 3,
    strike: async ({ driven, random }) => {
      for (const one of driven) if (random() < 0.5) one.stream.cut();
    },
  },
  {
    name: "kill -9 the supervisor, npm start",
    weight: 0.7,
    alone: true,
    strike: async ({ system }) => {
      await system.kill();
      await system.start();
    },
  },
  {
    name: "kill -9 everything, npm start",
    weight: 0.7,
    alone: true,
    strike: async ({ system }) => {
      for (const part of PARTS) {
        const pid = await system.pid(part);
        if (pid !== null) signalProcess(pid, "SIGKILL");
      }
      await system.kill();
      await system.start();
    },
  },
  {
    name: "Ctrl-C, npm start",
    weight: 0.7,
    alone: true,
    strike: async ({ system }) => {
      await system.stop();
      await system.start();
    },
  },
];

export function chooseFault(random: () => number): Fault {
  const drawn = random() * FAULTS.reduce((sum, fault) => sum + fault.weight, 0);
  let sum = 0;
  for (const fault of FAULTS) {
    sum += fault.weight;
    if (drawn < sum) return fault;
  }
  return pickFrom(random, FAULTS);
}

/** Tries until the database takes a connection: it may just be starting again. */
export async function withDatabase<T>(system: System, act: (client: pg.Client) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (let attempt = 0; attempt < 50; attempt++) {
    const url = findEmbeddedPostgresUrl(system.dataDir);
    const client = url ? new pg.Client({ connectionString: url, application_name: "chaos" }) : null;
    // A connection that is cut while it is not in use says so here too.
    client?.on("error", () => undefined);
    try {
      if (client) {
        await client.connect();
        return await act(client);
      }
    } catch (error) {
      failure = error;
    } finally {
      await client?.end().catch(() => undefined);
    }
    await sleep(200);
  }
  throw new Error("the database takes no connection", { cause: failure });
}
