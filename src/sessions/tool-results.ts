// What the model is told about a tool call: an operation's outcome as content blocks.
import type { ImageBlock, ResultBlock } from "../contract/content.ts";
import { hasCode, PlatformError } from "../lib/errors.ts";
import type { OperationResult } from "../sandboxes/sandbox.ts";

/** An absolute path of two parts or more. */
const HOST_PATH = /(^|[^\w.])\/[\w.-]+\/[\w.-]/;

export type ToolResult = {
  content: ResultBlock[];
  isError: boolean;
  /** Of a command; null when it was killed. */
  exitCode?: number | null;
  /** How long it ran in the sandbox. */
  durationMs?: number;
};

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
type ImageType = Extract<ImageBlock["source"], { type: "base64" }>["media_type"];

/** No command may take a day; with its wait for the shell no result is this late. */
const MAX_DURATION_MS = 7 * 24 * 60 * 60 * 1000;
const FRESH_SHELL =
  "[The shell was restarted: variables, working directory and background jobs are back to their defaults. Files are as they were.]";
const UNKNOWN =
  "The sandbox ended while this ran, so nobody knows whether it was done: it may have run, in part or in full. Look at the present state before you do it again.";

export function toToolResult(result: OperationResult): ToolResult {
  const told = { ...outcomeAsResult(result), ...measures(result) };
  return result.freshShell ? withNotice(told, FRESH_SHELL) : told;
}

/** What is inside a sandbox may say anything: only what can be true is told. */
function measures({ outcome, exitCode, durationMs }: OperationResult): Pick<ToolResult, "exitCode" | "durationMs"> {
  if (outcome === "unknown") return {};
  const isCode = exitCode === null || (Number.isInteger(exitCode) && Number(exitCode) >= 0 && Number(exitCode) <= 255);
  return {
    ...(exitCode !== undefined && isCode ? { exitCode } : {}),
    ...(durationMs >= 0 && durationMs < MAX_DURATION_MS ? { durationMs: Math.round(durationMs) } : {}),
  };
}

function outcomeAsResult(result: OperationResult): ToolResult {
  switch (result.outcome) {
    case "ok":
      return { content: [...textBlocks(result.content), ...imageBlocks(result)], isError: false };
    case "failed":
      return errorResult(result.content || "The tool failed without saying why.");
    case "cancelled":
      return errorResult([result.content, "The call was cancelled."].filter(Boolean).join("\n"));
    case "unknown":
      return errorResult([result.content, UNKNOWN].filter(Boolean).join("\n"));
  }
}

/** What the model is told when the sandbox could not be asked. Where things lie on the host is not its business. */
export function failureText(toolName: string, error: unknown): string {
  const said = error instanceof PlatformError && error.code !== "internal" ? error.message : "";
  const fit = hasCode(error, "invalid_request") || !HOST_PATH.test(said);
  return `${toolName}: the sandbox could not do this${said !== "" && fit ? `: ${said}` : ". The server's log says why."}`;
}

export function errorResult(text: string): ToolResult {
  return { content: textBlocks(text), isError: true };
}

export function withNotice(result: ToolResult, notice: string): ToolResult {
  return { ...result, content: [{ type: "text", text: notice }, ...result.content] };
}

export function deniedResult(message: string | null): ToolResult {
  return errorResult(
    message ? `The user denied this tool call: ${message}` : "The user denied this tool call. Nothing was run.",
  );
}

function textBlocks(text: string): ResultBlock[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function imageBlocks({ image }: OperationResult): ResultBlock[] {
  if (!image) return [];
  const mediaType = IMAGE_TYPES.find((known): known is ImageType => known === image.mediaType);
  if (!mediaType) return textBlocks(`(an image of type ${image.mediaType}, which can't be shown)`);
  return [{ type: "image", source: { type: "base64", media_type: mediaType, data: image.data } }];
}
