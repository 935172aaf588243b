// What a turn brings into a sandbox before its first tool, for a person who opens a terminal before that: packages, and repositories.
import type { Database } from "../db/database.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Sandbox, SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import { cloneRepositories } from "./clone-repositories.ts";
import { installPackages } from "./install-packages.ts";

export type ReadyForPerson = ReturnType<typeof createReadyForPerson>;

/** Nothing here needs the session's lease: both are done once, whoever asks, and a turn that asks meanwhile waits for the same. */
export function createReadyForPerson(deps: {
  db: Database;
  onLogGrew: (wakeup: LogWakeup) => void;
  clock: Clock;
  logger: Logger;
}) {
  // It goes on when the person does not wait: the turn that follows needs it as well.
  const { signal } = new AbortController();
  return {
    /** Before the sandbox is made. Throws `packages_failed` with words. */
    async packages(input: { backend: SandboxBackend; spec: SandboxSpec; sessionId: string }): Promise<void> {
      const { backend, spec, sessionId } = input;
      if (spec.packages)
        await installPackages({ ...deps, backend }, { set: spec.packages, sessionId, fence: null, signal });
    },
    /** Once it is written down whose it is. What can't be cloned is told in the log. */
    async repositories(input: { teamId: string; sessionId: string; sandbox: Sandbox }): Promise<void> {
      await cloneRepositories(deps, { ...input, fence: null, again: false, failedToo: false, signal });
    },
  };
}
