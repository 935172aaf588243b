// What this worker knows of its surroundings, written to its row so that `/readyz` of any web process can tell.
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { GatewayState, ModelClient } from "../models/model.ts";
import type { SandboxBackend, SandboxSelfTest } from "../sandboxes/sandbox.ts";
import type { SessionSnapshots } from "../sessions/session-snapshots.ts";
import type { DataHealth } from "./sweep-sandboxes.ts";

/** Null until the first check has ended. */
export type WorkerHealth = {
  sandbox: SandboxSelfTest | null;
  gateway: GatewayState | null;
  data: DataHealth | null;
  /** Whether snapshots can be put away. */
  blobs: { ok: boolean; detail: string } | null;
  /** `web_search` has a service to ask. */
  webSearch: boolean;
  concurrency: number;
  running: number;
};

const GATEWAY_AGE_MS = 15_000;
const SELF_TEST_AGE_MS = 600_000;
/** A sandbox that does not work may be repaired any moment. */
const BROKEN_AGE_MS = 20_000;

const BLOBS_AGE_MS = 60_000;

export type HealthProbe = { current(): Pick<WorkerHealth, "sandbox" | "gateway" | "blobs"> };

/** Never waits: answers what is known and refreshes what is old in the background. */
export function createHealthProbe(options: {
  backend: SandboxBackend;
  models: ModelClient;
  snapshots: Pick<SessionSnapshots, "check">;
  clock: Clock;
}): HealthProbe {
  const { backend, models, snapshots, clock } = options;
  const sandbox = remembered(
    clock,
    () => selfTest(backend),
    (result) => (result.usable ? SELF_TEST_AGE_MS : BROKEN_AGE_MS),
  );
  const gateway = remembered(
    clock,
    () => models.check(),
    () => GATEWAY_AGE_MS,
  );
  const blobs = remembered(
    clock,
    () => snapshots.check(),
    ({ ok }) => (ok ? BLOBS_AGE_MS : BROKEN_AGE_MS),
  );
  return { current: () => ({ sandbox: sandbox(), gateway: gateway(), blobs: blobs() }) };
}

async function selfTest(backend: SandboxBackend): Promise<SandboxSelfTest> {
  try {
    return await backend.selfTest();
  } catch (error) {
    return { usable: false, checks: [], remedy: messageOf(error) };
  }
}

function remembered<T>(clock: Clock, ask: () => Promise<T>, maxAgeMs: (value: T) => number): () => T | null {
  let value: T | null = null;
  let askAt = 0;
  let asking = false;
  return () => {
    if (!asking && clock.now() >= askAt) {
      asking = true;
      ask()
        .then(
          (answer) => {
            value = answer;
            askAt = clock.now() + maxAgeMs(answer);
          },
          () => {
            askAt = clock.now() + BROKEN_AGE_MS;
          },
        )
        .finally(() => {
          asking = false;
        });
    }
    return value;
  };
}
