// `agent_toolset_20260401`: names, descriptions and inputs of the tools as the model sees them, and what a call becomes.
// Names, descriptions and fields follow the official SDK's own implementation of this toolset.
import { z } from "zod";
import type { ToolConfig, ToolName } from "../../contract/agents.ts";
import type { JsonSchema } from "../../models/model.ts";
import type { Operation } from "../../sandboxes/sandbox.ts";
import type { WebRequest } from "../../web-tools/web-tools.ts";
import { domainsOf, maxContentTokensOf } from "./web-config.ts";

/** What a validated call becomes: work for the sandbox, or something to bring from the web. */
export type ToolAction = { operation: Operation } | { request: WebRequest };

type Tool = {
  name: ToolName;
  description: string;
  inputSchema: JsonSchema;
  /** It can only look: the `auto` policy allows it without asking. */
  readOnly: boolean;
  /** A correct call of it becomes an operation. */
  runsInSandbox: boolean;
  /** `config`: what the agent's definition says of the tool by name. */
  toAction(input: Record<string, unknown>, config?: ToolConfig): { action: ToolAction } | { problem: string };
};

const MAX_TIMEOUT_MS = 3_600_000;
/** Models send null for what they leave out. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const text = { type: "string" };

function tool<Schema extends z.ZodType>(options: {
  name: ToolName;
  description: string;
  properties: Record<string, JsonSchema>;
  required: string[];
  readOnly: boolean;
  runsInSandbox?: boolean;
  schema: Schema;
  toAction: (input: z.output<Schema>, config: ToolConfig | undefined) => ToolAction;
}): Tool {
  const { name, description, properties, required, readOnly, runsInSandbox = true, schema, toAction } = options;
  return {
    name,
    description,
    inputSchema: { type: "object", properties, ...(required.length > 0 ? { required } : {}) },
    readOnly,
    runsInSandbox,
    toAction(input, config) {
      const parsed = schema.safeParse(input);
      if (parsed.success) return { action: toAction(parsed.data, config) };
      const issues = parsed.error.issues.map(({ path, message }) => {
        // Ours go on from the field's name, as the official toolset's do.
        const between = /^[a-z]/.test(message) ? " " : ": ";
        return [path.join("."), message].filter(Boolean).join(between);
      });
      return { problem: issues.join("; ") };
    },
  };
}

/** Leaves out what is undefined, as exact optional fields want it. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Object.fromEntries loses the keys' types; the entries are a subset of `fields`.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

const filePath = z.string().min(1, "is required");

const tools: Tool[] = [
  tool({
    name: "bash",
    description: "Run a bash command in a persistent shell. State (cwd, env vars) persists across calls.",
    properties: {
      command: { ...text, description: "The command to run" },
      restart: { type: "boolean", description: "Restart the persistent shell before running" },
      timeout_ms: { type: "integer", description: "Per-call timeout in milliseconds" },
    },
    required: [],
    readOnly: false,
    schema: z
      .object({
        command: optional(z.string()),
        restart: optional(z.boolean()),
        timeout_ms: optional(z.number().int().min(1).max(MAX_TIMEOUT_MS)),
      })
      .refine((input) => Boolean(input.command) || input.restart === true, "command is required"),
    toAction: ({ command, restart, timeout_ms }) => ({
      operation: {
        kind: "bash",
        ...defined({ command: command || undefined, restart, timeoutMs: timeout_ms }),
      } as Operation,
    }),
  }),
  tool({
    name: "read",
    description: "Read a UTF-8 text file relative to the workdir. An image file is shown as an image.",
    properties: {
      file_path: text,
      view_range: {
        type: "array",
        items: { type: "integer" },
        description: "[start_line, end_line] 1-indexed inclusive",
      },
    },
    required: ["file_path"],
    readOnly: true,
    schema: z.object({
      file_path: filePath,
      view_range: optional(
        z
          .array(z.number().int())
          .refine((range) => range.length === 0 || range.length === 2, "must be [start_line, end_line]"),
      ),
    }),
    toAction: ({ file_path, view_range }) => {
      const [start, end] = view_range ?? [];
      const range: { viewRange?: [number, number] } =
        start !== undefined && end !== undefined ? { viewRange: [start, end] } : {};
      return { operation: { kind: "read", filePath: file_path, ...range } };
    },
  }),
  tool({
    name: "write",
    description: "Write a UTF-8 text file relative to the workdir, creating parent directories as needed.",
    properties: { file_path: text, content: text },
    required: ["file_path", "content"],
    readOnly: false,
    schema: z.object({ file_path: filePath, content: z.string() }),
    toAction: ({ file_path, content }) => ({ operation: { kind: "write", filePath: file_path, content } }),
  }),
  tool({
    name: "edit",
    description: "Replace old_string with new_string in a file. old_string must be unique unless replace_all.",
    properties: { file_path: text, old_string: text, new_string: text, replace_all: { type: "boolean" } },
    required: ["file_path", "old_string", "new_string"],
    readOnly: false,
    schema: z.object({
      file_path: filePath,
      old_string: z.string().min(1, "is required"),
      new_string: z.string(),
      replace_all: optional(z.boolean()),
    }),
    toAction: ({ file_path, old_string, new_string, replace_all }) => ({
      operation: {
        kind: "edit",
        filePath: file_path,
        oldString: old_string,
        newString: new_string,
        ...(replace_all === undefined ? {} : { replaceAll: replace_all }),
      },
    }),
  }),
  tool({
    name: "glob",
    description: "Match files under the workdir against a glob pattern. Results are mtime-sorted, newest first.",
    properties: {
      pattern: text,
      path: { ...text, description: "Directory to search in. Defaults to the workdir." },
    },
    required: ["pattern"],
    readOnly: true,
    schema: z.object({ pattern: z.string().min(1, "is required"), path: optional(z.string()) }),
    toAction: ({ pattern, path }) => ({ operation: { kind: "glob", pattern, ...(path ? { path } : {}) } }),
  }),
  tool({
    name: "grep",
    description: "Search file contents for a regex (ripgrep).",
    properties: { pattern: text, path: text },
    required: ["pattern"],
    readOnly: true,
    schema: z.object({ pattern: z.string().min(1, "is required"), path: optional(z.string()) }),
    toAction: ({ pattern, path }) => ({ operation: { kind: "grep", pattern, ...(path ? { path } : {}) } }),
  }),
  tool({
    name: "web_fetch",
    description:
      "Fetch the content of a URL: a page is given as Markdown, of a PDF the text, a text or an image as it is. Only https, and no page that its scripts would have to fill.",
    properties: { url: text },
    required: ["url"],
    readOnly: true,
    runsInSandbox: false,
    schema: z.object({ url: z.string().min(1, "is required") }),
    toAction: ({ url }, config) => ({
      request: { kind: "fetch", url, domains: domainsOf(config), maxContentTokens: maxContentTokensOf(config) },
    }),
  }),
  tool({
    name: "web_search",
    description: "Search the web. Gives addresses with titles and a few words of each; web_fetch brings one whole.",
    properties: { query: text },
    required: ["query"],
    readOnly: true,
    runsInSandbox: false,
    schema: z.object({ query: z.string().min(1, "is required") }),
    toAction: ({ query }, config) => ({ request: { kind: "search", query, domains: domainsOf(config) } }),
  }),
];

export const toolset: ReadonlyMap<string, Tool> = new Map(tools.map((entry) => [entry.name, entry]));
