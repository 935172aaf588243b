// What a session's sandbox is made with: the configuration, and a placeholder for each variable of the session's vaults.
import type { Database } from "../db/database.ts";
import type { SandboxSpec } from "../sandboxes/sandbox.ts";
import { sandboxVariables } from "../secrets/placeholders.ts";

/** Asked anew whenever the sandbox is opened, so that a variable that was added since is there, and one that was taken away is not. */
export async function sandboxSpecOf(db: Database, sessionId: string, configured: SandboxSpec): Promise<SandboxSpec> {
  const variables = await sandboxVariables(db, sessionId);
  return { ...configured, env: { ...configured.env, ...variables } };
}
