// The program inside a sandbox. Bundled to one file; started with its configuration on standard input and its socket as descriptor 3.
import { readFileSync } from "node:fs";
import { messageOf } from "../lib/errors.ts";
import { BROKER_SOCKET, EGRESS_DIR, LISTEN_FD, parseRunnerConfig, RELAY_ADDRESS } from "../runner/protocol.ts";
import { startRelay } from "../runner/relay.ts";
import { createRunner } from "../runner/runner.ts";
import { SEARCH_THREAD } from "../runner/search-thread.ts";

/** The bundle knows no top-level await. */
async function main(): Promise<void> {
  process.title = "runner";
  const config = parseRunnerConfig(JSON.parse(readFileSync(0, "utf8")));
  const runner = createRunner(config, { workerFile: process.argv[1] ?? "" });
  // Before anything of the agent's can take its ports.
  if (config.relaysEgress) await startRelay({ address: RELAY_ADDRESS, brokerSocket: `${EGRESS_DIR}/${BROKER_SOCKET}` });
  runner.server.listen({ fd: LISTEN_FD });
}

async function search(): Promise<void> {
  const { parentPort, workerData } = await import("node:worker_threads");
  const { searchInWorker } = await import("../runner/search-worker.ts");
  await searchInWorker(workerData, (message) => parentPort?.postMessage(message));
}

if (process.argv[2] === SEARCH_THREAD) {
  void search();
} else {
  main().catch((error: unknown) => {
    // Its starter tells this as the reason.
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  });
}
