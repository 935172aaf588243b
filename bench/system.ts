// A whole Berth for one benchmark: started as a user does, on an instant model, ended and removed afterwards.
import { type System, startSystem } from "../test/support/system.ts";
import { type Berth, createBerth, idOf } from "./berth.ts";
import { startChild } from "./child.ts";
import { listProcesses, type ProcessFacts, treeOf } from "./machine.ts";

export type RunningBerth = {
  readonly system: System;
  readonly berth: Berth;
  readonly providerUrl: string;
  readonly agentId: string;
  readonly environmentId: string;
  /** All processes of this Berth, its Postgres and its sandboxes. */
  processes(): Promise<ProcessFacts[]>;
};

/** Starts provider and Berth, runs `body`, ends both, whatever happens. */
export async function withBerth<T>(
  options: { env?: Record<string, string>; ui?: boolean },
  body: (running: RunningBerth) => Promise<T>,
): Promise<T> {
  const provider = startChild("provider.ts", {});
  try {
    const providerUrl = await provider.next(urlOf);
    const system = await startSystem({
      ui: options.ui ?? false,
      env: { LITELLM_GATEWAY_URL: providerUrl, LITELLM_API_KEY: "sk-bench", ...options.env },
    });
    try {
      return await runIn(system, providerUrl, body);
    } finally {
      await system.dispose();
    }
  } finally {
    await provider.stop();
  }
}

async function runIn<T>(system: System, providerUrl: string, body: (running: RunningBerth) => Promise<T>): Promise<T> {
  const berth = createBerth({ url: system.url, apiKey: system.apiKey });
  try {
    const agent = await berth.post("/v1/agents", {
      name: "Bench",
      model: "scripted",
      tools: [{ type: "agent_toolset_20260401" }],
    });
    const environment = await berth.post("/v1/environments", { name: "bench" });
    return await body({
      system,
      berth,
      providerUrl,
      agentId: idOf(agent),
      environmentId: idOf(environment),
      processes: () => processesOf(system),
    });
  } finally {
    berth.close();
  }
}

/** The tree below the supervisor, and Postgres, which may have left it. */
export async function processesOf(system: System): Promise<ProcessFacts[]> {
  const all = listProcesses();
  const roots = [await system.pid("supervisor"), await system.pid("postgres"), await system.pid("sandboxd")];
  const found = new Map<number, ProcessFacts>();
  for (const root of roots) {
    if (root === null) continue;
    for (const facts of treeOf(root, all)) found.set(facts.pid, facts);
  }
  return [...found.values()];
}

/** What `provider.ts` and `raw-sse-server.ts` say when they listen. */
export function urlOf(message: unknown): string | null {
  return typeof message === "object" && message !== null && "url" in message && typeof message.url === "string"
    ? message.url
    : null;
}
