// Asks sandboxd to install packages, and follows what it tells until it is through.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { PlatformError } from "../../lib/errors.ts";
import type { PackageProgress, PackageSet } from "../sandbox.ts";
import { type InstallLine, installLineSchema } from "./control-protocol.ts";

type Options = { sessionId: string; onProgress?: (progress: PackageProgress) => void; signal?: AbortSignal };

/** True: it was done now. Any error but a `PlatformError` means that sandboxd does not answer, or ended meanwhile. */
export async function askToInstall(socketPath: string, set: PackageSet, options: Options): Promise<boolean> {
  const { sessionId, onProgress, signal } = options;
  const response = await post(socketPath, JSON.stringify({ set, sessionId }), signal);
  const lines = createInterface({ input: response });
  // The connection's own failure ends the lines; that is told below.
  lines.on("error", () => undefined);
  for await (const text of lines) {
    const line: InstallLine = installLineSchema.parse(JSON.parse(text));
    if ("progress" in line) onProgress?.(line.progress);
    else if ("failed" in line) throw new PlatformError(line.failed.code, line.failed.message);
    else return line.done.now;
  }
  signal?.throwIfAborted();
  throw new Error("sandboxd ended while it installed packages");
}

function post(socketPath: string, body: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-length": Buffer.byteLength(body) };
    const about = { socketPath, method: "POST", path: "/packages", headers, agent: false as const };
    const request = httpRequest({ ...about, ...(signal && { signal }) }, resolve);
    request.once("error", reject);
    request.end(body);
  });
}
