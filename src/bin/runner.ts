// The program inside a sandbox. Bundled to one file; started with its configuration on standard input and its socket as descriptor 3.
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { searchInWorker } from "../runner/grep-worker.ts";
import { LISTEN_FD, parseRunnerConfig } from "../runner/protocol.ts";
import { createRunner } from "../runner/runner.ts";

if (isMainThread) {
  process.title = "runner";
  const config = parseRunnerConfig(JSON.parse(readFileSync(0, "utf8")));
  const runner = createRunner(config, { workerFile: process.argv[1] ?? "" });
  runner.server.listen({ fd: LISTEN_FD });
} else {
  void searchInWorker(workerData, (message) => parentPort?.postMessage(message));
}
