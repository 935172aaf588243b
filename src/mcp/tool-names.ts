// The names by which a model calls MCP servers' tools: one for each, whatever servers and tools are called. Pure.
import { createHash } from "node:crypto";

/** What every provider takes. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/** `mcp__server__tool`; with a hash of both at the end where that would be too long, or another pair's too. */
export function modelToolName(server: string, tool: string, isTaken: (name: string) => boolean): string {
  const plain = `mcp__${server}__${tool}`;
  // Without these, the first `__` after the prefix tells where the server's name ends.
  const clear = /^[A-Za-z0-9_-]+$/.test(plain) && !server.includes("__") && !server.endsWith("_");
  if (clear && plain.length <= MAX_LENGTH && !isTaken(plain)) return plain;
  const start = plain.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  // A server can call a tool what the hash of another one gives.
  for (let attempt = 0; ; attempt += 1) {
    const about = attempt === 0 ? [server, tool] : [server, tool, attempt];
    const hash = createHash("sha256").update(JSON.stringify(about)).digest("hex").slice(0, HASH_LENGTH);
    const name = `${start}_${hash}`;
    if (!isTaken(name)) return name;
  }
}
