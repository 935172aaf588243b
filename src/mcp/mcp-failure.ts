// Why an MCP server could not be asked, and what that means for what it was asked to do.

/**
 * `connection`: it is away or does not speak MCP · `authentication`: it takes no credential of ours · `refused`: a rule of ours says no ·
 * `answered`: it answered with an error.
 */
export type McpFailureKind = "connection" | "authentication" | "refused" | "answered";

export class McpFailure extends Error {
  readonly kind: McpFailureKind;
  /** False: what was asked was certainly not begun. */
  readonly mayHaveRun: boolean;
  /** The HTTP answer, where there was one. */
  readonly answer: HttpAnswer | null;
  constructor(
    kind: McpFailureKind,
    message: string,
    options: { mayHaveRun: boolean; answer?: HttpAnswer; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = "McpFailure";
    this.kind = kind;
    this.mayHaveRun = options.mayHaveRun;
    this.answer = options.answer ?? null;
  }
}

/** `body`: its beginning. */
export type HttpAnswer = { status: number; contentType: string; body: string; bodyTruncated: boolean };
