// The local backend: asks sandboxd for sandboxes on this host and talks to their runners directly.
import { Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { PlatformError } from "../../lib/errors.ts";
import { openRunner } from "../runner-client.ts";
import type { Patience } from "../runner-watch.ts";
import type { Sandbox, SandboxBackend } from "../sandbox.ts";
import { askToInstall } from "./ask-to-install.ts";
import { accessSchema, failureSchema, infoListSchema, selfTestSchema } from "./control-protocol.ts";
import { platformProblem } from "./platform.ts";

/** While sandboxd is being started again, calls wait this long for it. */
const DEFAULT_PATIENCE_MS = 5000;

export type LocalBackendOptions = {
  /** sandboxd's socket: `<dataDir>/run/sandboxd.sock`. */
  socketPath: string;
  patienceMs?: number;
  /** How long a runner may be silent; shorter in tests. */
  runnerPatience?: Patience;
  /** Of this machine; another one in tests. */
  platform?: NodeJS.Platform;
};

export function createLocalBackend(options: LocalBackendOptions): SandboxBackend {
  const { socketPath, patienceMs = DEFAULT_PATIENCE_MS, runnerPatience } = options;
  const elsewhere = platformProblem(options.platform);
  const agent = new Agent({ keepAlive: true });
  /** One client per running sandbox, so that its connections are used again. */
  const clients = new Map<string, { sandbox: Sandbox; close: () => void; socketPath: string }>();

  function askOnce(method: string, path: string, body: string | undefined): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const request = httpRequest({ socketPath, method, path, agent, headers }, (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.once("error", reject);
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") });
        });
      });
      request.once("error", reject);
      request.end(body);
    });
  }

  /** Every request may be sent twice: creating, hibernating and removing are all by name. */
  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    // Nobody will ever answer there.
    if (elsewhere) throw new PlatformError("sandbox_unavailable", elsewhere.detail);
    const deadline = Date.now() + patienceMs;
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (;;) {
      try {
        const answer = await askOnce(method, path, text);
        if (answer.status === 200) return JSON.parse(answer.text);
        const failure = failureSchema.parse(JSON.parse(answer.text));
        throw new PlatformError(failure.code, failure.message);
      } catch (error) {
        if (error instanceof PlatformError) throw error;
        if (Date.now() >= deadline) {
          throw new PlatformError("sandbox_unavailable", "the sandbox service does not answer", { cause: error });
        }
        await sleep(100);
      }
    }
  }

  const pathOf = (name: string) => `/sandboxes/${encodeURIComponent(name)}`;

  function connect(name: string, access: z.infer<typeof accessSchema>): Sandbox {
    const known = clients.get(name);
    if (known?.socketPath === access.socketPath) return known.sandbox;
    known?.close();
    const client = openRunner({ name, ...access }, runnerPatience ? { patience: runnerPatience } : {});
    // Each life has a socket of its own.
    const end = async () => {
      await ask("POST", `${pathOf(name)}/hibernate`, { socketPath: access.socketPath });
    };
    const sandbox = { ...client, end };
    clients.set(name, { sandbox, close: client.close, socketPath: access.socketPath });
    return sandbox;
  }

  function forget(name: string): void {
    clients.get(name)?.close();
    clients.delete(name);
  }

  return {
    id: "local",
    async create(name, spec) {
      return connect(name, accessSchema.parse(await ask("PUT", pathOf(name), spec)));
    },
    async open(name) {
      return connect(name, accessSchema.parse(await ask("GET", pathOf(name))));
    },
    async installPackages(set, installing) {
      if (elsewhere) throw new PlatformError("sandbox_unavailable", elsewhere.detail);
      const { signal } = installing;
      let deadline: number | null = null;
      for (;;) {
        try {
          return await askToInstall(socketPath, set, installing);
        } catch (error) {
          signal?.throwIfAborted();
          if (error instanceof PlatformError) throw error;
          // It may have gone on for minutes before sandboxd ended.
          deadline ??= Date.now() + patienceMs;
          if (Date.now() >= deadline)
            throw new PlatformError("sandbox_unavailable", "the sandbox service does not answer", { cause: error });
          await sleep(100, undefined, signal ? { signal } : {});
        }
      }
    },
    async hibernate(name) {
      await ask("POST", `${pathOf(name)}/hibernate`);
      forget(name);
    },
    async destroy(name) {
      await ask("DELETE", pathOf(name));
      forget(name);
    },
    async setAside(name) {
      await ask("POST", `${pathOf(name)}/set-aside`);
      forget(name);
    },
    async takeBack(name) {
      await ask("POST", `${pathOf(name)}/take-back`);
    },
    async list() {
      return infoListSchema.parse(await ask("GET", "/sandboxes"));
    },
    async selfTest() {
      if (elsewhere) {
        const check = { name: "system", holds: false, required: true, detail: elsewhere.detail };
        return { usable: false, checks: [check], remedy: elsewhere.remedy };
      }
      return selfTestSchema.parse(await ask("GET", "/self-test"));
    },
    async close() {
      for (const name of [...clients.keys()]) forget(name);
      agent.destroy();
    },
  };
}
