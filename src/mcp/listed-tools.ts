// Which of the tools that a server lists can be offered, and as what: a server's words reach the model in each request. Pure.
import { visibleProse } from "../lib/visible-text.ts";

export type ListedTool = {
  name: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
  /** The server says that it only looks. */
  readOnly: boolean;
};

/** What a server may say of a tool. */
export type SaidOfTool = {
  name: string;
  description?: string | undefined;
  inputSchema: { type: "object"; [key: string]: unknown };
  annotations?: { readOnlyHint?: boolean | undefined } | undefined;
};

const MAX_DESCRIPTION = 16_000;
const MAX_SCHEMA = 64_000;
/** Whoever walks through a schema does so by a call a level. */
const MAX_DEPTH = 64;
const NAME = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;
/** Characters that are not seen at all and spell words to a model. */
const TAGS = /[\u{e0000}-\u{e0fff}]/gu;

/** In their order, the first of each name; without those that no provider would take, or that would lie to people or fill the request. */
export function offerable(listed: readonly SaidOfTool[]): ListedTool[] {
  const tools = new Map<string, ListedTool>();
  for (const { name, description = "", inputSchema, annotations } of listed) {
    if (tools.has(name) || !NAME.test(name) || !isModest(inputSchema)) continue;
    const said = visibleProse(description.slice(0, MAX_DESCRIPTION).toWellFormed()).replace(TAGS, "");
    tools.set(name, { name, description: said, inputSchema, readOnly: annotations?.readOnlyHint === true });
  }
  return [...tools.values()];
}

function isModest(schema: object): boolean {
  let level: unknown[] = [schema];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  const text = JSON.stringify(schema);
  // Half surrogates and NUL are refused by some that read it.
  return text.length <= MAX_SCHEMA && !/\\u0000|\\ud[89a-f]/.test(text);
}
