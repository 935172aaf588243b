// Statements with parameters get a name, so that Postgres parses and plans each once per connection instead of each time.
import { createHash } from "node:crypto";
import type { PoolClient } from "pg";

/** Texts that vary (filters of lists) must not fill the server's memory: what comes after these many stays unnamed. */
const MAX_NAMED = 500;
const names = new Map<string, string>();

/** The name of a statement's text, the same in every process; null when there are enough named ones. */
export function statementName(text: string): string | null {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMED) return null;
  const name = `berth_${createHash("sha256").update(text).digest("base64url").slice(0, 24)}`;
  names.set(text, name);
  return name;
}

/** Changes this one connection: calls of `query(text, values)` with values go out named; every other form stays as it is. */
export function nameStatements(client: Pick<PoolClient, "query">): void {
  // One signature for all overloads of `query`, which the wrapper passes through unchanged.
  const query = client.query.bind(client) as (...input: unknown[]) => unknown;
  const named = (...input: unknown[]): unknown => {
    const [text, values, ...rest] = input;
    if (typeof text !== "string" || !Array.isArray(values) || values.length === 0 || rest.length > 0)
      return query(...input);
    const name = statementName(text);
    return name === null ? query(text, values) : query({ name, text, values });
  };
  Object.assign(client, { query: named });
}
