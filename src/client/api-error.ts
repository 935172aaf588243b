// Failures of an API call: what the server said, or that it could not be reached.

/** The server answered with an error. `type` is for programs, `message` for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  /** Names the request in the server's log. */
  readonly requestId: string | null;

  constructor(answer: { status: number; type: string; message: string; requestId: string | null }) {
    super(answer.message);
    this.name = "ApiError";
    this.status = answer.status;
    this.type = answer.type;
    this.requestId = answer.requestId;
  }
}

/** No answer came: the server is down or the network is. */
export class ConnectionError extends Error {
  constructor(cause: unknown) {
    super("Berth does not answer. Check that it is running and that this device is online.", { cause });
    this.name = "ConnectionError";
  }
}

/** Reads an error answer; a body that is not the API's (a proxy's page, say) becomes a plain sentence. */
export async function readApiError(response: Response): Promise<ApiError> {
  const headerId = response.headers.get("request-id");
  const body = parseErrorBody(await response.text());
  return new ApiError({
    status: response.status,
    type: body?.type ?? "api_error",
    message: body?.message ?? `The server answered ${response.status} ${response.statusText}`.trim(),
    requestId: body?.requestId ?? headerId,
  });
}

function parseErrorBody(text: string): { type: string; message: string; requestId: string | null } | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(body) || !isRecord(body.error)) return null;
  const { type, message } = body.error;
  if (typeof type !== "string" || typeof message !== "string") return null;
  return { type, message, requestId: typeof body.request_id === "string" ? body.request_id : null };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
