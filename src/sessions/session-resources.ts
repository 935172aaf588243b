// Use cases of a session's resources: name, list, give another token, take away. They are cloned by clone-repositories.ts.
import type { Page } from "../contract/page.ts";
import {
  MAX_RESOURCES_OF_SESSION,
  type SessionResource,
  type SessionResourceInput,
} from "../contract/session-resources.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import {
  deleteSessionResource,
  listSessionResources,
  pageSessionResources,
  type SessionResourceRow,
  setResourceCredential,
} from "../db/session-resources.ts";
import type { SessionRow } from "../db/sessions.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { readPage } from "../lib/page-cursor.ts";
import type { PutResourceToken } from "../secrets/resource-tokens.ts";
import { attachResources, checkTokens, getResource, type ResourcePlace, toResource } from "./attach-resources.ts";
import { getSession } from "./sessions.ts";

export type SessionResources = ReturnType<typeof createSessionResources>;

/** Changes take the caller's transaction; reads use the pool. `onLogGrew` is called once a change is committed. */
export function createSessionResources({
  db,
  clock,
  putToken,
  onLogGrew,
}: {
  db: Database;
  clock: Clock;
  putToken: PutResourceToken;
  onLogGrew: (wakeup: LogWakeup) => void;
}) {
  /** The log is as long as before; those who watch the session look at it again. */
  function tell(tx: DatabaseTransaction, { id, lastSeq }: SessionRow): void {
    afterCommit(tx, () => onLogGrew({ sessionId: id, lastSeq }));
  }

  return {
    async add(
      tx: DatabaseTransaction,
      { teamId, sessionId, input }: { teamId: string; sessionId: string; input: SessionResourceInput },
    ): Promise<SessionResource> {
      const session = await getChangeable(tx, { teamId, sessionId });
      if (session.status === "running" || session.leased || session.workWaits)
        throw new PlatformError(
          "invalid_request",
          `Session ${sessionId} is running and takes no resource now: send user.interrupt and wait for session.status_idle.`,
        );
      const [resource] = await attachResources(
        tx,
        { putToken, clock },
        { teamId, sessionId, inputs: [input], prefix: "" },
      );
      if (!resource) throw new Error("a resource was not put down");
      tell(tx, session);
      return resource;
    },

    async list(
      teamId: string,
      { sessionId, query }: { sessionId: string; query: { limit?: number | undefined; page?: string | undefined } },
    ): Promise<Page<SessionResource>> {
      await getSession(db, { teamId, sessionId });
      const page = await readPage({
        kind: "sessionResource",
        order: "asc",
        limit: query.limit ?? MAX_RESOURCES_OF_SESSION,
        cursor: query.page,
        positionOf: (row: SessionResourceRow) => row,
        read: (request) => pageSessionResources(db, { teamId, sessionId, page: request }),
      });
      return { data: page.rows.map(toResource), next_page: page.nextPage };
    },

    async get(place: ResourcePlace): Promise<SessionResource> {
      return toResource(await getResource(db, place));
    },

    /** Running sessions get it within seconds. */
    async updateToken(tx: DatabaseTransaction, place: ResourcePlace, token: string): Promise<SessionResource> {
      const session = await getChangeable(tx, place);
      const { config } = await getResource(tx, { ...place, forUpdate: true });
      const others = (await listSessionResources(tx, place)).filter(({ id }) => id !== place.resourceId);
      checkTokens([
        ...others.map((row) => ({ field: row.id, config: row.config, hasToken: row.credentialId !== null })),
        { field: "", config, hasToken: true },
      ]);
      const about = { teamId: place.teamId, url: config.url, token, field: "authorization_token" };
      const credentialId = await putToken(tx, about);
      await setResourceCredential(tx, { ...place, credentialId, now: new Date(clock.now()) });
      tell(tx, session);
      return toResource(await getResource(tx, place));
    },

    /** Its token is gone for good, also for a session that runs; what was cloned stays where it lies. */
    async delete(
      tx: DatabaseTransaction,
      place: ResourcePlace,
    ): Promise<{ id: string; type: "session_resource_deleted" }> {
      const session = await getSession(tx, { ...place, forUpdate: true });
      await getResource(tx, { ...place, forUpdate: true });
      await deleteSessionResource(tx, place);
      tell(tx, session);
      return { id: place.resourceId, type: "session_resource_deleted" };
    },
  };
}

async function getChangeable(
  tx: DatabaseTransaction,
  input: { teamId: string; sessionId: string },
): Promise<SessionRow> {
  const session = await getSession(tx, { ...input, forUpdate: true });
  if (session.archivedAt || session.status === "terminated")
    throw new PlatformError(
      "invalid_request",
      `Session ${input.sessionId} ${session.archivedAt ? "is archived" : "has ended"}, and its resources cannot be changed.`,
    );
  return session;
}
