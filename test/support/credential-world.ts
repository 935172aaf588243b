// Credentials for a broker without a database: what a session has in effect, as the vaults would give it.
import type { CredentialAuth } from "../../src/contract/credentials.ts";
import { createApplyCredentials } from "../../src/egress/apply-credentials.ts";
import type { ApplyCredentials } from "../../src/egress/credentials.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { TellCredentialFailed } from "../../src/secrets/credential-failed.ts";
import { newPlaceholder } from "../../src/secrets/placeholders.ts";
import type { RefreshOutcome } from "../../src/secrets/refresh-token.ts";
import { Secret } from "../../src/secrets/secret.ts";
import type { SessionCredential } from "../../src/secrets/session-credentials.ts";
import { findIn } from "./canary.ts";
import { echoHost, type Seen } from "./echo-host.ts";
import { type EgressWorld, LIMITED, startEgressWorld, startUpstream, type Upstream } from "./egress-world.ts";

export type Held = { current: readonly SessionCredential[] };

let count = 0;
/** Of all that were held. */
const values = new Set<string>();

export function heldCredential(
  auth: CredentialAuth,
  secrets: Record<string, string>,
  changes: Partial<SessionCredential> = {},
): SessionCredential {
  count += 1;
  for (const value of Object.values(secrets)) values.add(value);
  return {
    ...{ id: `vcrd_${count}`, vaultId: "vlt_1", teamId: "team_1", name: `credential ${count}`, version: 1, auth },
    placeholder: auth.type === "environment_variable" ? newPlaceholder() : null,
    secrets: Object.fromEntries(Object.entries(secrets).map(([field, value]) => [field, new Secret(value)])),
    ...changes,
  };
}

export function heldVariable(
  name: string,
  value: string,
  options: { hosts?: string[]; body?: boolean; header?: boolean } = {},
): SessionCredential & { placeholder: string } {
  const { hosts, body = false, header = true } = options;
  const networking = hosts ? { type: "limited" as const, allowed_hosts: hosts } : { type: "unrestricted" as const };
  const placeholder = newPlaceholder();
  const auth = {
    type: "environment_variable" as const,
    secret_name: name,
    networking,
    injection_location: { header, body },
  };
  return { ...heldCredential(auth, { secret_value: value }, { name }), placeholder };
}

export function applyHeld(
  held: Held,
  refreshToken: (sessionId: string, credential: SessionCredential) => Promise<RefreshOutcome> = async () => {
    throw new Error("nothing is to be renewed");
  },
  tellFailed: TellCredentialFailed = async () => undefined,
): ApplyCredentials {
  const credentials = { inEffect: async () => held.current, forget: () => undefined };
  return createApplyCredentials({ credentials, refreshToken, tellFailed, clock: systemClock });
}

/** `close` rejects when a value of a credential was in an audit line, or when there was none. */
export type CredentialWorld = { world: EgressWorld; upstream: Upstream; close(): Promise<void> };

/** A broker with `held`, and these hosts behind it, which give back what they get. */
export async function startCredentialWorld(
  hosts: readonly string[],
  options: {
    seen: Seen[];
    held: Held;
    refreshToken?: Parameters<typeof applyHeld>[1];
    tellFailed?: TellCredentialFailed;
  },
): Promise<CredentialWorld> {
  let upstream: Upstream | null = null;
  const world = await startEgressWorld({
    networking: LIMITED(...hosts),
    namedHosts: async (authority) => {
      const started = await startUpstream(authority, echoHost(options.seen));
      upstream = started;
      return hosts.map((host) => ({ host, address: "127.0.0.1", port: started.port }));
    },
    applyCredentials: applyHeld(options.held, options.refreshToken, options.tellFailed),
  });
  if (upstream === null) throw new Error("no host was started");
  const started: Upstream = upstream;
  return {
    ...{ world, upstream: started },
    async close() {
      await world.close();
      await started.close();
      const place = { place: "audit lines", bytes: Buffer.from(JSON.stringify(world.everyLine)) };
      if (world.everyLine.length === 0) throw new Error("there was no audit line");
      const found = findIn([place], [...values]);
      if (found.length > 0) throw new Error(`values of credentials were left: ${found.join(", ")}`);
    },
  };
}
