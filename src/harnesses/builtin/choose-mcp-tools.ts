// Which tools of MCP servers go into a request to the model: a server may describe as much as it likes, and each request is paid for. Pure.
import type { ToolSpec } from "../../models/model.ts";
import type { LeftOutTools, OfferedMcpTool } from "../harness.ts";

const MAX_DESCRIPTION_LENGTH = 10_000;
/** Bytes of JSON. */
const MAX_OF_SERVER = 256_000;
const MAX_OF_ALL = 512_000;

/** What a list's schemas take was measured when it was first offered; it is offered in each request. */
const schemaBytes = new WeakMap<object, number>();

/**
 * At most `most` of `tools` (all of which the agent has enabled), in their order; one that no longer fits is left out, and smaller
 * ones behind it are not. `leftOut`: by server, only of those of which something is.
 */
export function chooseMcpTools(
  tools: readonly OfferedMcpTool[],
  most: number,
): { specs: ToolSpec[]; leftOut: LeftOutTools[] } {
  const specs: ToolSpec[] = [];
  const servers = new Map<string, { bytes: number; enabled: number; names: string[] }>();
  let bytesOfAll = 0;
  for (const { server, name, modelName, description, inputSchema } of tools) {
    const of = servers.get(server) ?? { bytes: 0, enabled: 0, names: [] };
    servers.set(server, of);
    of.enabled += 1;
    const words = { name: modelName, description: description.slice(0, MAX_DESCRIPTION_LENGTH) };
    const bytes = bytesOf(words) + bytesOfSchema(inputSchema);
    if (specs.length >= most || of.bytes + bytes > MAX_OF_SERVER || bytesOfAll + bytes > MAX_OF_ALL) {
      of.names.push(name);
      continue;
    }
    of.bytes += bytes;
    bytesOfAll += bytes;
    specs.push({ ...words, inputSchema });
  }
  const leftOut = [...servers].flatMap(([server, { enabled, names }]) =>
    names.length > 0 ? [{ server, names, enabled }] : [],
  );
  return { specs, leftOut };
}

function bytesOfSchema(schema: object): number {
  const known = schemaBytes.get(schema);
  if (known !== undefined) return known;
  const bytes = bytesOf(schema);
  schemaBytes.set(schema, bytes);
  return bytes;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
