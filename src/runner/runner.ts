// Puts the runner together: journal, operations and server from one configuration.
import type { Server } from "node:http";
import { egressEnv } from "./egress-env.ts";
import { Journal } from "./journal.ts";
import { Operations } from "./operations.ts";
import { Ports } from "./ports.ts";
import { type RunnerConfig, SANDBOX_PATH } from "./protocol.ts";
import { createRunnerServer } from "./server.ts";
import { Terminals } from "./terminals.ts";

/** What every process in a sandbox has, before the configured variables. */
const BASE_ENV = {
  PATH: SANDBOX_PATH,
  LANG: "C.UTF-8",
  USER: "agent",
  LOGNAME: "agent",
  SHELL: "/bin/bash",
};

export type Runner = { server: Server; end: () => void };

/** `workerFile` is the program that the search thread runs: the bundle itself. */
export function createRunner(config: RunnerConfig, options: { workerFile: string }): Runner {
  const network = config.relaysEgress ? egressEnv() : {};
  const env = () => ({ ...BASE_ENV, HOME: config.homeDir, ...network, ...config.env });
  const journal = new Journal(config.stateDir);
  const operations = new Operations({ config, journal, env, workerFile: options.workerFile });
  const terminals = new Terminals({ directory: config.workspaceDir, env });
  const server = createRunnerServer({ config, operations, terminals, ports: new Ports(), env });
  const end = () => {
    server.closeAllConnections();
    server.close();
    terminals.end();
    operations.end();
    journal.close();
  };
  return { server, end };
}
