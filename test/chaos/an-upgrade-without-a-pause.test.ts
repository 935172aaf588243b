// Release N+1 starts beside N on one database and the same sandboxes, then N is stopped: no turn fails, streams resume, nothing happens twice.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { freePort } from "../support/free-port.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { makeNewerRelease } from "../support/newer-release.ts";
import { until } from "../support/until.ts";
import { collectSessions, listSessionIds, readLedgers } from "./collect-sessions.ts";
import { answers, prepareGround } from "./lone-parts.ts";
import { judge } from "./oracle.ts";
import type { Server } from "./patient-client.ts";
import { keepPrompts } from "./prompts.ts";
import { allDone, allWorked, driveMany } from "./workload.ts";

const SEED = 20_261_127;
const SESSIONS = 20;

const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

/** What stands in front of the webs in production: new connections go to the one that is in service. */
async function startBalancer(): Promise<{ url: string; lead(port: number): void }> {
  let target = 0;
  const open = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    inner.pipe(outer).pipe(inner);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  disposals.push(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    lead(port) {
      target = port;
    },
  };
}

describe.skipIf(sandboxesMissing() !== null)("an upgrade without a pause", () => {
  test(`${SESSIONS} working sessions are handed from N to N+1 (seed ${SEED})`, async () => {
    const ground = await prepareGround(disposals);
    const { provider, env } = ground;
    const release = await makeNewerRelease();
    disposals.push(() => rmSync(release, { recursive: true, force: true }));
    const [port, newerPort] = [await freePort(), await freePort()];
    const balancer = await startBalancer();
    const web = ground.start("web", { env: { PORT: String(port) } });
    const worker = ground.start("worker");
    await answers(port, web);
    balancer.lead(port);

    let goesOn = true;
    const server: Server = { url: balancer.url, apiKey: ground.apiKey };
    const driven = await driveMany({ server, count: SESSIONS, seed: SEED, goesOn: () => goesOn });
    disposals.push(() => {
      goesOn = false;
      for (const one of driven) one.stream.close();
    });
    const worked = (turns: number) => () => allWorked(driven, () => turns);
    await until(worked(1), { timeoutMs: 120_000 });

    // The schema first, while N works on; then N+1 beside N; then N goes.
    const migrating = spawn(process.execPath, [path.join(release, "src/bin/migrate.ts")], {
      env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, ...env }),
      stdio: "inherit",
    });
    expect((await once(migrating, "exit"))[0]).toBe(0);
    await until(worked(2), { timeoutMs: 120_000 });
    // N would also start again now: it knows that it may.
    const late = ground.start("worker");
    const newerWeb = ground.start("web", { release, env: { PORT: String(newerPort) } });
    ground.start("worker", { release });
    await answers(newerPort, newerWeb);
    const readiness = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
    expect(JSON.stringify(readiness)).toContain("and newer ones up to");
    await until(worked(3), { timeoutMs: 120_000 });
    const connected = [...driven];
    balancer.lead(newerPort);
    expect(await web.stop()).toBe(0);
    expect(await worker.stop()).toBe(0);
    expect(await late.stop()).toBe(0);
    const before = new Map(driven.map((one) => [one, one.turns]));
    await until(() => allWorked(driven, (one) => (before.get(one) ?? 0) + 1), { timeoutMs: 120_000 });

    goesOn = false;
    await allDone(driven);
    const ledgers = await readLedgers(driven);
    const client = new pg.Client({ connectionString: ground.databaseUrl });
    await client.connect();
    try {
      const kept = keepPrompts();
      for (const { body } of provider.chats) if (body) kept.note(body);
      const prompts = kept.bySession(driven);
      const sessions = await collectSessions({ server, driven, ledgers, prompts, ask: (act) => act(client) });
      const sessionIds = await listSessionIds(client);
      const deleted = driven.flatMap((one) => one.deleted);
      const facts = {
        sessions,
        sessionIds,
        deleted,
        rows: new Map(),
        running: [],
        disks: [],
        processes: [],
        leftovers: [],
      };
      expect(judge(facts)).toEqual([]);
      expect(connected.every((one) => one.stream.reconnects > 0)).toBe(true);
    } finally {
      await client.end();
    }
  }, 400_000);
});
