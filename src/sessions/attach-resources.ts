// A session's resources as rows: checked beside those that it has, put down with their tokens, and copied into a fork.
import { defaultMountPath, mountPath, pathsMeet, repositoryPath, repositoryUrl } from "../contract/repository-place.ts";
import {
  MAX_RESOURCES_OF_SESSION,
  type SessionResource,
  type SessionResourceInput,
} from "../contract/session-resources.ts";
import type { Database, DatabaseTransaction } from "../db/database.ts";
import {
  findSessionResource,
  insertSessionResource,
  listSessionResources,
  type RepositoryConfig,
  type SessionResourceRow,
} from "../db/session-resources.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import type { PutResourceToken } from "../secrets/resource-tokens.ts";

export type ResourcePlace = { teamId: string; sessionId: string; resourceId: string };
/** `field`: how the input was named in the request, for messages. */
type Named = { field: string; config: RepositoryConfig; token: string | null };

/** Puts down what a session begins with, or gets. Throws `invalid_request`. `prefix`: of its fields in the request, such as `resources`. */
export async function attachResources(
  tx: DatabaseTransaction,
  { putToken, clock }: { putToken: PutResourceToken; clock: Clock },
  input: { teamId: string; sessionId: string; inputs: readonly SessionResourceInput[]; prefix: string },
): Promise<SessionResource[]> {
  const { teamId, sessionId, inputs, prefix } = input;
  const before = await listSessionResources(tx, { teamId, sessionId });
  if (before.length + inputs.length > MAX_RESOURCES_OF_SESSION)
    throw new PlatformError("invalid_request", `resources: a session has ${MAX_RESOURCES_OF_SESSION} at most`);
  const named = inputs.map((each, index) => check(each, prefix === "" ? "" : `${prefix}.${index}.`));
  const all = [
    ...before.map((row) => ({ field: `${row.id}.`, config: row.config, hasToken: row.credentialId !== null })),
    ...named.map(({ field, config, token }) => ({ field, config, hasToken: token !== null })),
  ];
  checkPaths(all);
  checkTokens(all);
  const resources: SessionResource[] = [];
  for (const { field, config, token } of named) {
    const about = { teamId, url: config.url, field: `${field}authorization_token` };
    const credentialId = token === null ? null : await putToken(tx, { ...about, token });
    const resourceId = newId("sessionResource", clock.now());
    // A millisecond apart, so that they are listed in their order.
    const now = new Date(clock.now() + resources.length);
    await insertSessionResource(tx, { teamId, sessionId, resourceId, config, credentialId, now });
    resources.push(toResource(await getResource(tx, { teamId, sessionId, resourceId })));
  }
  return resources;
}

/** A fork has what its source has. Of one token until either gets another. */
export async function copyResources(
  tx: DatabaseTransaction,
  input: { teamId: string; fromSessionId: string; toSessionId: string; clock: Clock },
): Promise<void> {
  const { teamId, fromSessionId, toSessionId: sessionId, clock } = input;
  for (const { config, credentialId, createdAt: now } of await listSessionResources(tx, {
    teamId,
    sessionId: fromSessionId,
  })) {
    const resourceId = newId("sessionResource", clock.now());
    await insertSessionResource(tx, { teamId, sessionId, resourceId, config, credentialId, now });
  }
}

function check(input: SessionResourceInput, field: string): Named {
  const address = repositoryUrl(input.url);
  if ("problem" in address) throw new PlatformError("invalid_request", `${field}url: ${address.problem}`);
  const { url } = address;
  const place = mountPath(input.mount_path ?? defaultMountPath(url));
  if ("problem" in place) throw new PlatformError("invalid_request", `${field}mount_path: ${place.problem}`);
  const config = { type: input.type, url, mount_path: place.path, checkout: input.checkout ?? null };
  return { field, config, token: input.authorization_token ?? null };
}

type Each = { field: string; config: RepositoryConfig; hasToken: boolean };

function checkPaths(all: readonly Each[]): void {
  eachPair(all, (first, second) => {
    if (!pathsMeet(first.config.mount_path, second.config.mount_path)) return;
    throw new PlatformError(
      "invalid_request",
      `${second.field}mount_path: ${second.config.mount_path} is taken by another resource, at ${first.config.mount_path}. Give each a place of its own.`,
    );
  });
}

export function checkTokens(all: readonly Each[]): void {
  const key = ({ url }: RepositoryConfig) => new URL(url).host + repositoryPath(url);
  eachPair(all, (first, second) => {
    if (!first.hasToken || !second.hasToken || key(first.config) !== key(second.config)) return;
    throw new PlatformError(
      "invalid_request",
      `${second.field}authorization_token: another resource of the session is of the same repository and has a token, which goes for both. Leave this one out.`,
    );
  });
}

function eachPair(all: readonly Each[], look: (first: Each, second: Each) => void): void {
  for (const [index, second] of all.entries()) for (const first of all.slice(0, index)) look(first, second);
}

/** Throws `not_found`. */
export async function getResource(
  db: Database,
  place: ResourcePlace & { forUpdate?: boolean },
): Promise<SessionResourceRow> {
  const row = isId("sessionResource", place.resourceId) ? await findSessionResource(db, place) : null;
  if (!row)
    throw new PlatformError("not_found", `There is no resource ${place.resourceId} in session ${place.sessionId}.`);
  return row;
}

export function toResource(row: SessionResourceRow): SessionResource {
  const { type, url, mount_path, checkout } = row.config;
  return {
    ...{ type, id: row.id, url, mount_path, checkout, status: row.status, problem: row.problem },
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
