// Tokens of a session's repositories: sealed as the values of vaults are, and opened at the same place.
import { insertCredential, putSealedField } from "../db/credentials.ts";
import type { DatabaseTransaction } from "../db/database.ts";
import { ensureResourceVault } from "../db/session-resources.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { sealField } from "./sealed-fields.ts";
import { Secret } from "./secret.ts";
import { secretProblem } from "./secret-value.ts";
import type { TeamKeys } from "./team-keys.ts";

export type PutResourceToken = (
  tx: DatabaseTransaction,
  input: { teamId: string; url: string; token: string; field: string },
) => Promise<string>;

/** Gives the credential's id, which a resource has to name in the same transaction. Throws `invalid_request` for what is no token. */
export function createPutResourceToken({ teamKeys, clock }: { teamKeys: TeamKeys; clock: Clock }): PutResourceToken {
  return async function putResourceToken(tx, { teamId, url, token, field: path }) {
    const problem = secretProblem(token, { inHeader: true });
    if (problem) throw new PlatformError("invalid_request", `${path}: ${problem}`);
    const now = new Date(clock.now());
    const vaultId = await ensureResourceVault(tx, { teamId, vaultId: newId("vault", clock.now()), now });
    const place = { teamId, vaultId, credentialId: newId("credential", clock.now()) };
    const auth = { type: "github_repository" as const, url };
    await insertCredential(tx, { ...place, displayName: `token of ${url}`, auth, metadata: {}, now });
    const teamKey = await teamKeys.forSealing(tx, teamId);
    const field = { ...place, field: "authorization_token", version: 1 };
    await putSealedField(tx, { ...place, ...sealField(teamKey, field, new Secret(token)) });
    return place.credentialId;
  };
}
