// From bytes and query strings to checked input; what is wrong is told with its path.
import type { z } from "zod";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { holdsMoreValues } from "../lib/json-values.ts";

const MAX_DEPTH = 64;
/** Of all that the API takes nothing has nearly as many; each one costs a hundred times its bytes where it is checked. */
const MAX_VALUES = 100_000;
const MAX_PROBLEMS_SHOWN = 3;

function invalid(message: string, options?: ErrorOptions): PlatformError {
  return new PlatformError("invalid_request", message, options);
}

/** An empty body counts as `{}`: some clients send none with POSTs that take nothing. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return {};
  refuseTooMany(bytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`The body is not valid JSON: ${withoutExcerpt(messageOf(error))}`);
  }
  refuseUnstorable(value);
  return value;
}

/** `Unexpected token 'x', ..."value": xsecret"... is not valid JSON`: a part of the body, which may be a secret, is not repeated. */
function withoutExcerpt(message: string): string {
  return message.replace(/,? (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, "");
}

/** Thirty megabytes of `[0,0,…` would take gigabytes, and the process with them. */
function refuseTooMany(bytes: Uint8Array): void {
  if (holdsMoreValues(bytes, MAX_VALUES)) throw invalid(`The body holds more than ${MAX_VALUES} names and values.`);
}

/** Postgres keeps neither NUL nor half surrogates, and endless nesting breaks whoever walks it. */
function refuseUnstorable(root: unknown): void {
  const stack: { value: unknown; path: string; depth: number }[] = [{ value: root, path: "", depth: 0 }];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { value, path, depth } = entry;
    if (typeof value === "string") refuseText(value, path);
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) throw invalid(`${path.slice(0, 100)}: is nested more than ${MAX_DEPTH} levels deep`);
    for (const [key, child] of Object.entries(value)) {
      refuseText(key, path);
      stack.push({ value: child, path: path === "" ? key : `${path}.${key}`, depth: depth + 1 });
    }
  }
}

function refuseText(text: string, path: string): void {
  if (text.includes("\0")) throw invalid(`${path}: holds a NUL character`);
  if (!text.isWellFormed()) throw invalid(`${path}: holds half of a surrogate pair`);
}

/** `name[]=a&name[]=b`, `name=a&name=b` (lists), `created_at[gte]=…` (one level of nesting). */
export function parseQueryString(search: string, listFields: ReadonlySet<string>): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) {
    refuseText(value, name);
    // `?beta=true` is sent by some clients with every call.
    if (name === "beta") continue;
    const [, field = name, key] = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name) ?? [];
    if (key === "" || (key === undefined && listFields.has(field))) {
      const list = query[field];
      if (Array.isArray(list)) list.push(value);
      else query[field] = [value];
    } else if (key !== undefined) {
      const nested = query[field];
      if (isRecord(nested)) nested[key] = value;
      else query[field] = { [key]: value };
    } else if (field in query) throw invalid(`${field}: is given twice`);
    else query[field] = value;
  }
  return { ...query };
}

export function checkInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(describeIssues(result.error.issues));
}

/** `events.0.content: …`; the first few problems are enough to act on. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const problems = issues.flatMap((issue) => describeIssue(issue, []));
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN).join("; ");
  const left = problems.length - MAX_PROBLEMS_SHOWN;
  return left > 0 ? `${shown}; and ${left} more` : shown;
}

function describeIssue(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): string[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => withPath([...path, key], "unknown field"));
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branch = likeliestBranch(issue.errors);
    return branch.flatMap((inner) => describeIssue(inner, path));
  }
  if (issue.code === "invalid_key")
    return [withPath(path, issue.issues[0]?.message ?? "has a key that is not allowed")];
  if (issue.code === "invalid_type" && issue.input === undefined && /received undefined/.test(issue.message))
    return [withPath(path, "is required")];
  return [withPath(path, issue.message)];
}

/** Of the forms that a union takes, the one that the input comes closest to: it is wrong deeper inside than the others. */
function likeliestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const score = (branch: readonly z.core.$ZodIssue[]) =>
    branch.some((issue) => issue.path.length === 0 && issue.code === "invalid_type")
      ? 1000
      : branch.some((issue) => issue.path.at(-1) === "type" && issue.code !== "unrecognized_keys")
        ? 100
        : branch.length;
  return [...branches].sort((a, b) => score(a) - score(b))[0] ?? [];
}

function withPath(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
