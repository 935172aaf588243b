// Which of the tools that a server lists can be offered, and as what: a server's words reach the model in each request. Pure.
import { z } from "zod";
import { visibleProse } from "../lib/visible-text.ts";

export type ListedTool = {
  name: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
};

/** A page of a list as far as it has to be one: a tool that is described wrong takes no other with it. */
export const saidList = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().nullish() });

/** Its annotations are not read: they are the server's own word (`readOnlyHint`), and nothing that is decided here may hang on that. */
const saidOfTool = z.object({
  name: z.string(),
  description: z.string().default("").catch(""),
  inputSchema: z.looseObject({ type: z.literal("object") }),
});

const MAX_DESCRIPTION = 16_000;
const MAX_SCHEMA = 64_000;
/** Whoever walks through a schema does so by a call a level. */
const MAX_DEPTH = 64;
const NAME = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;
/** Characters that are not seen at all and spell words to a model. */
const TAGS = /[\u{e0000}-\u{e0fff}]/gu;
/** The same, and what changes the order in which people read. */
const HIDDEN = /[\u{e0000}-\u{e0fff}\u202a-\u202e\u2066-\u2069]/u;

/** In their order, the first of each name; without those that no provider would take, or that would lie to people or fill the request. */
export function offerable(listed: readonly unknown[]): ListedTool[] {
  const tools = new Map<string, ListedTool>();
  for (const said of listed) {
    const parsed = saidOfTool.safeParse(said);
    if (!parsed.success) continue;
    const { name, description, ...rest } = parsed.data;
    if (tools.has(name) || !NAME.test(name) || !isModest(rest.inputSchema) || !isSchema(rest.inputSchema)) continue;
    const { inputSchema, also } = withPlainTop(shown(rest.inputSchema) as ListedTool["inputSchema"]);
    // What can't be seen in a name, or in a value to choose from, can't be taken out of it.
    if (HIDDEN.test(JSON.stringify(inputSchema))) continue;
    tools.set(name, { name, description: `${shownText(description)}${also}`, inputSchema });
  }
  return [...tools.values()];
}

function shownText(text: string): string {
  return visibleProse(text.slice(0, MAX_DESCRIPTION).toWellFormed()).replace(TAGS, "");
}

/** The words of a schema are read by the model as the description is. */
function shown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(shown);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      typeof value === "string" && /^(title|description|\$comment)$/.test(key) ? shownText(value) : shown(value),
    ]),
  );
}

/** Providers refuse these at the top of a schema: they are told in words. */
function withPlainTop(schema: ListedTool["inputSchema"]): { inputSchema: ListedTool["inputSchema"]; also: string } {
  const { anyOf, oneOf, allOf, ...inputSchema } = schema;
  const rules = { ...(anyOf ? { anyOf } : {}), ...(oneOf ? { oneOf } : {}), ...(allOf ? { allOf } : {}) };
  if (Object.keys(rules).length === 0) return { inputSchema: schema, also: "" };
  return { inputSchema, also: `\n\nThe input has to follow this JSON schema as well: ${JSON.stringify(rules)}` };
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

const TYPES = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (is: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(is);
const isMapOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  isObject(value) && Object.values(value).every(is);
const isText = (value: unknown) => typeof value === "string";
const isSome = (value: unknown) => isListOf(isSchema)(value) && (value as unknown[]).length > 0;

/** By keyword; others are let through. One that is wrong costs every request that has it, not only its tool. */
const KEYWORDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => TYPES.has(value as string) || isListOf((one) => TYPES.has(one as string))(value),
  properties: isMapOf(isSchema),
  patternProperties: isMapOf(isSchema),
  $defs: isMapOf(isSchema),
  definitions: isMapOf(isSchema),
  additionalProperties: isSchema,
  propertyNames: isSchema,
  items: (value) => isSchema(value) || isListOf(isSchema)(value),
  prefixItems: isSome,
  anyOf: isSome,
  oneOf: isSome,
  allOf: isSome,
  not: isSchema,
  required: isListOf(isText),
  enum: Array.isArray,
  title: isText,
  description: isText,
  pattern: isText,
  format: isText,
  $ref: isText,
};

function isSchema(value: unknown): boolean {
  if (typeof value === "boolean") return true;
  return (
    isObject(value) &&
    Object.entries(value).every(([key, one]) => !Object.hasOwn(KEYWORDS, key) || KEYWORDS[key]?.(one))
  );
}
