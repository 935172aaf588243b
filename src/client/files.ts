// `/v1/sessions/{id}/sandbox` and `/files`: what is in a session's sandbox.
import type { FileList, SandboxStatus, WrittenFile } from "../contract/files.ts";
import { readApiError } from "./api-error.ts";
import { sessionPath } from "./sessions.ts";
import type { Transport } from "./transport.ts";

export function createFilesClient(transport: Transport) {
  async function download(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const response = await transport.send("GET", path, { query, ...(signal ? { signal } : {}) });
    if (!response.ok) throw await readApiError(response);
    return response;
  }
  return {
    sandbox: (sessionId: string, signal?: AbortSignal) =>
      transport.json<SandboxStatus>("GET", `${sessionPath(sessionId)}/sandbox`, signal ? { signal } : {}),
    /** Ends the sandbox's processes; its files stay, the next use wakes it. */
    endSandbox: (sessionId: string) => transport.json<SandboxStatus>("POST", `${sessionPath(sessionId)}/sandbox/end`),
    list: (sessionId: string, path: string, signal?: AbortSignal) =>
      transport.json<FileList>("GET", `${sessionPath(sessionId)}/files`, {
        query: { path },
        ...(signal ? { signal } : {}),
      }),
    /** The answer, its body unread. */
    read: (sessionId: string, path: string, signal?: AbortSignal) =>
      download(`${sessionPath(sessionId)}/files/content`, { path }, signal),
    /** A tar of /workspace and /home/agent, its body unread. */
    archive: (sessionId: string, signal?: AbortSignal) =>
      download(`${sessionPath(sessionId)}/files/archive`, {}, signal),
    /** Makes the file, or replaces it in one step. */
    write: (sessionId: string, path: string, content: Blob | Uint8Array<ArrayBuffer>) =>
      transport.json<WrittenFile>("POST", `${sessionPath(sessionId)}/files/content`, {
        query: { path },
        bytes: content,
      }),
  };
}

/** Where a browser downloads a file from. */
export function fileUrl(sessionId: string, path: string): string {
  return `${sessionPath(sessionId)}/files/content?path=${encodeURIComponent(path)}`;
}

export function archiveUrl(sessionId: string): string {
  return `${sessionPath(sessionId)}/files/archive`;
}
