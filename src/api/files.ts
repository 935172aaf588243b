// `/v1/sessions/{id}/files`: what is in a session's sandbox, as bytes. Berth's own addition.
import { z } from "zod";
import { fileList, filePathQuery, listFilesQuery, sandboxObject, writtenFile } from "../contract/files.ts";
import type { SessionFiles } from "../sessions/session-files.ts";
import { readBody } from "./body.ts";
import { attachmentHeader } from "./content-disposition.ts";
import { checkInput, parseQueryString } from "./parse.ts";
import { type ApiContext, bodyOf, type Routes } from "./route.ts";

const NO_LISTS: ReadonlySet<string> = new Set();
/**
 * An agent wrote these bytes: whatever they say they are, a browser must neither guess a type, nor run them as a page of
 * ours. Images and PDF are shown by their own type, since those run nothing; everything else is plain bytes.
 */
const SAFE_HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
};
const SHOWN_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
};

export function fileRoutes(routes: Routes, files: SessionFiles): void {
  const tag = "Files (Berth)";
  const { app } = routes;
  const base = "/v1/sessions/{session_id}";
  routes.read(
    {
      method: "get",
      path: `${base}/sandbox`,
      tag,
      summary: "Read the state of a session's sandbox",
      answer: sandboxObject,
    },
    ({ teamId, params }) => files.sandbox(teamId, params("session_id")),
  );
  routes.change(
    {
      method: "post",
      path: `${base}/sandbox/end`,
      tag,
      summary: "End a session's sandbox: its processes end, its files stay",
      description:
        'For a session that is stuck. The next tool call, or file, wakes it. A tool that was running is answered with "may have run", and the agent decides.',
      answer: sandboxObject,
    },
    (_tx, { teamId, params }) => files.endSandbox(teamId, params("session_id")),
  );
  routes.read(
    {
      method: "get",
      path: `${base}/files`,
      tag,
      summary: "List a directory of a session's sandbox",
      description: "A hibernated sandbox is woken. Without a sandbox the list is empty.",
      query: listFilesQuery,
      answer: fileList,
    },
    ({ teamId, params, query }) => files.list(teamId, params("session_id"), query.path),
  );

  const params = z.object({ session_id: z.string() });
  const security = [{ apiKey: [] }, { bearer: [] }];
  const bytes = { description: "The bytes", content: { "application/octet-stream": { schema: z.string() } } };
  const register = app.openAPIRegistry.registerPath.bind(app.openAPIRegistry);
  register({
    method: "get",
    path: `${base}/files/content`,
    tags: [tag],
    summary: "Download a file",
    security,
    request: { params, query: filePathQuery },
    responses: { 200: bytes },
  });
  register({
    method: "post",
    path: `${base}/files/content`,
    tags: [tag],
    summary: "Upload a file, or replace it, in one step; directories above it are made",
    security,
    request: {
      params,
      query: filePathQuery,
      body: { required: true, content: { "application/octet-stream": { schema: z.string() } } },
    },
    responses: { 200: { description: "Done", content: { "application/json": { schema: writtenFile } } } },
  });
  register({
    method: "get",
    path: `${base}/files/archive`,
    tags: [tag],
    summary: "Download /workspace and /home/agent as a tar; what can't be read is named in its `left-out.txt`",
    security,
    request: { params },
    responses: { 200: { description: "A tar", content: { "application/x-tar": { schema: z.string() } } } },
  });

  const pathOf = (context: ApiContext) =>
    checkInput(filePathQuery, parseQueryString(new URL(context.req.url).search, NO_LISTS)).path;
  const sessionOf = (context: ApiContext) => context.req.param("session_id") ?? "";

  app.get("/v1/sessions/:session_id/files/content", async (context) => {
    const path = pathOf(context);
    const file = await files.open(context.get("caller").teamId, sessionOf(context), path);
    const name = path.split("/").at(-1) ?? "file";
    const type = SHOWN_TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream";
    return context.body(file.content, 200, {
      ...SAFE_HEADERS,
      "content-type": type,
      "content-length": String(file.sizeBytes),
      "content-disposition": attachmentHeader(name),
    });
  });
  app.post("/v1/sessions/:session_id/files/content", async (context) => {
    const path = pathOf(context);
    const content = await readBody({ headers: context.req.raw.headers, chunks: bodyOf(context) });
    const { teamId } = context.get("caller");
    return context.json(await files.write(teamId, sessionOf(context), { path, content }));
  });
  app.get("/v1/sessions/:session_id/files/archive", async (context) => {
    const sessionId = sessionOf(context);
    const stream = await files.archive(context.get("caller").teamId, sessionId);
    return context.body(stream, 200, {
      ...SAFE_HEADERS,
      "content-type": "application/x-tar",
      "content-disposition": attachmentHeader(`${sessionId}.tar`),
    });
  });
}
