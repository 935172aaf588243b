// F9: what a session left on the disk goes with it: its sandbox's disk at once, the packs of its snapshots when nothing can need them any more.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectoryBlobs } from "../../src/blobs/directory.ts";
import { openDatabase } from "../../src/db/database.ts";
import { findEmbeddedPostgresUrl } from "../../src/db/embedded/embedded-postgres.ts";
import { collectGarbage } from "../../src/snapshots/collect-garbage.ts";
import { newCanary } from "../support/canary.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { dumpDatabase } from "../support/sweep.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

describe.skipIf(sandboxesMissing())("a deleted session", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { BERTH_SANDBOX_WARM: "0" } });
  }, 300_000);
  afterAll(() => system?.dispose());

  async function api(method: string, path: string, body?: unknown) {
    const response = await fetch(system.url + path, {
      method,
      headers: { "x-api-key": system.apiKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; data: Record<string, unknown>[] };
  }
  const inside = (name: string) => {
    const directory = join(system.dataDir, name);
    return existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [];
  };
  const packs = () => inside("blobs").filter((entry) => entry.isFile());
  const disks = () =>
    readdirSync(join(system.dataDir, "sandboxes")).filter((name) => !/^\.(templates|blank-)/.test(name));

  it("F9: leaves no disk, no pack and no row with what was in it", async () => {
    const agentId = String((await api("GET", "/v1/agents")).data[0]?.id);
    const { id } = await api("POST", "/v1/sessions", { agent: agentId });
    const canary = newCanary("deleted").replaceAll(/\W/g, "");
    const command = `for place in /workspace /home/agent /tmp /dev/shm; do echo ${canary} > $place/left; done`;
    const events = `/v1/sessions/${id}/events`;
    await api("POST", events, {
      events: [{ type: "user.message", content: [{ type: "text", text: `Run \`${command}\`` }] }],
    });
    const types = async () => (await api("GET", `${events}?limit=1000`)).data.map(({ type }) => type);
    await until(async () => (await types()).includes("agent.tool_result"), { timeoutMs: 60_000 });
    // Kept soon after the turn.
    const kept = async () => (await api("GET", `/v1/sessions/${id}/snapshots`)).data.length > 0;
    await until(async () => (await kept()) && packs().length > 0, { timeoutMs: 120_000 });
    expect(disks()).not.toEqual([]);
    const holds = async () =>
      (await dumpDatabase(system.dataDir)).filter(({ bytes }) => Buffer.from(bytes).includes(canary));
    expect(await holds()).not.toEqual([]);

    await api("DELETE", `/v1/sessions/${id}`);
    await until(() => disks().length === 0, { timeoutMs: 60_000, describe: () => disks().join() });
    expect((await holds()).map(({ place }) => place)).toEqual([]);
    // As the worker does after hours, when nothing can need them.
    const url = findEmbeddedPostgresUrl(system.dataDir);
    if (!url) throw new Error("no database runs");
    const db = openDatabase({ url, maxConnections: 1, applicationName: "test" });
    try {
      const blobs = createDirectoryBlobs({ directory: join(system.dataDir, "blobs") });
      await until(
        async () => {
          await collectGarbage({ db, blobs }, { graceMs: 0 });
          return packs().length === 0;
        },
        {
          describe: () =>
            packs()
              .map(({ name }) => name)
              .join(),
        },
      );
    } finally {
      await db.destroy();
    }
  });
});
