// What a session's sandbox is made with: the configuration, a placeholder for each variable of the session's vaults, and its environment's packages.
import type { Database } from "../db/database.ts";
import { findSessionPackages } from "../db/session-packages.ts";
import type { SandboxSpec } from "../sandboxes/sandbox.ts";
import { sandboxVariables } from "../secrets/placeholders.ts";

/** Asked anew whenever the sandbox is opened, so that a variable that was added since is there, and one that was taken away is not. */
export async function sandboxSpecOf(db: Database, sessionId: string, configured: SandboxSpec): Promise<SandboxSpec> {
  const [variables, packages] = await Promise.all([
    sandboxVariables(db, sessionId),
    findSessionPackages(db, { sessionId }),
  ]);
  const wanted = packages && Object.values(packages.lists).some((list) => list.length > 0);
  return { ...configured, env: { ...configured.env, ...variables }, ...(wanted && { packages }) };
}
