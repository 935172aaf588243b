// The read port of the broker, and the only place where values are opened: the credentials of a session's vaults and resources, in effect now.
import type { StoredAuth } from "../db/credentials.ts";
import type { Database } from "../db/database.ts";
import { type EffectiveFieldRow, listEffectiveFields, readEffectiveStamp } from "../db/session-credentials.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { nameOfCredential } from "./credential-ties.ts";
import { SealBroken } from "./seal.ts";
import { openField } from "./sealed-fields.ts";
import type { Secret } from "./secret.ts";
import type { TeamKeys } from "./team-keys.ts";

/** A credential, opened. Where two could go into one request: the most exact host wins, then the first of the list. */
export type SessionCredential = {
  id: string;
  vaultId: string;
  teamId: string;
  /** For audit lines and messages. */
  name: string;
  /** Rises with each change. */
  version: number;
  auth: StoredAuth;
  /** What stands for it in the session's sandbox; null: nothing does, or the sandbox has not asked yet. */
  placeholder: string | null;
  /** `secret_value`; `token`; `access_token`, `refresh_token`, `client_secret`; `password`; `header_value`; `secret_access_key`, `session_token`; `authorization_token`. */
  secrets: Readonly<Record<string, Secret>>;
};

export type SessionCredentials = {
  /**
   * Tokens of its resources first, then in the order of the session's vaults. At most `MAX_AGE_MS` old: what was rotated, archived or deleted before that is not in it.
   * Empty for a session that has ended or never was. Throws `unavailable` when the database cannot be asked: fail closed.
   */
  inEffect(sessionId: string): Promise<readonly SessionCredential[]>;
  /** Of a session that has ended, or whose credentials have just been changed here: whoever asks from now on is not given what was read before. */
  forget(sessionId: string): void;
};

/** What a change may take to hold is 5 s; an answer that is read just before it is this old at most. */
export const MAX_AGE_MS = 2_000;

type Known = { stamp: string; askedAt: number; credentials: readonly SessionCredential[] };

export function createSessionCredentials(options: {
  db: Database;
  teamKeys: TeamKeys;
  clock: Clock;
  logger: Logger;
}): SessionCredentials {
  const { db, teamKeys, clock, logger } = options;
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<readonly SessionCredential[]>>();

  /** `isWanted`: nobody has asked for it to be forgotten meanwhile. */
  async function ask(sessionId: string, isWanted: () => boolean): Promise<readonly SessionCredential[]> {
    // The age counts from before the question: what is committed during it may be missed.
    const askedAt = clock.now();
    const before = known.get(sessionId);
    try {
      const stamp = await readEffectiveStamp(db, sessionId);
      const credentials =
        before?.stamp === stamp ? before.credentials : await openAll(await listEffectiveFields(db, sessionId));
      if (!isWanted()) return credentials;
      if (stamp === "") known.delete(sessionId);
      else known.set(sessionId, { stamp, askedAt, credentials });
      return credentials;
    } catch (cause) {
      if (isWanted()) known.delete(sessionId);
      if (cause instanceof PlatformError) throw cause;
      throw new PlatformError("unavailable", "The session's credentials cannot be read now.", { cause });
    }
  }

  async function openAll(rows: readonly EffectiveFieldRow[]): Promise<SessionCredential[]> {
    const opened = new Map<string, SessionCredential & { secrets: Record<string, Secret> }>();
    const broken = new Set<string>();
    for (const row of rows) {
      const { credentialId, vaultId, teamId, field } = row;
      const secret = await openOne(row).catch((error: unknown) => {
        if (!(error instanceof SealBroken)) throw error;
        // Somebody wrote to the database. This one is not used; the others are what they were.
        logger.error({ credentialId, teamId, reason: messageOf(error) }, "a stored credential does not open");
        broken.add(credentialId);
        return null;
      });
      if (!secret) continue;
      const { version, auth, placeholder, displayName } = row;
      const name = nameOfCredential({ id: credentialId, displayName, auth });
      const credential = opened.get(credentialId) ?? {
        ...{ id: credentialId, vaultId, teamId, name, version, auth, placeholder },
        secrets: {},
      };
      credential.secrets[field.field] = secret;
      opened.set(credentialId, credential);
    }
    return [...opened.values()].filter(({ id }) => !broken.has(id));
  }

  async function openOne(row: EffectiveFieldRow): Promise<Secret> {
    const { credentialId, vaultId, teamId, field } = row;
    const place = { credentialId, vaultId, teamId, field: field.field, version: field.version };
    return openField(await teamKeys.open(row.teamKey), place, field);
  }

  return {
    async inEffect(sessionId) {
      const before = known.get(sessionId);
      if (before && clock.now() - before.askedAt < MAX_AGE_MS) return before.credentials;
      const running = asking.get(sessionId);
      if (running) return running;
      const isWanted = () => asking.get(sessionId) === asked;
      const asked: Promise<readonly SessionCredential[]> = ask(sessionId, isWanted).finally(() => {
        if (isWanted()) asking.delete(sessionId);
      });
      asking.set(sessionId, asked);
      return asked;
    },
    forget(sessionId) {
      known.delete(sessionId);
      asking.delete(sessionId);
    },
  };
}
