// Answers of a server that is in one state everywhere: for looking at what rooms say then.

export const STAGES = ["empty", "loading", "error"] as const;
export type StageName = (typeof STAGES)[number];

const figures = {
  model_requests: 0,
  unpriced_requests: 0,
  tool_calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  active_seconds: 0,
  list_cost_usd: "0",
};
const nothing: [path: RegExp, answer: unknown][] = [
  [
    /^\/v1\/overview$/,
    {
      type: "overview",
      sessions: { running: 0, waiting_for_you: 0, waiting_for_program: 0, idle: 0, terminated: 0 },
      queue: { length: 0, oldest_seconds: null },
      workers: [],
      sandboxes: { running: 0, hibernated: 0, memory_bytes: 0, problem: null },
      database: { size_bytes: 0, connections: 0 },
      data_directory: null,
      active: [],
    },
  ],
  [
    /^\/v1\/usage$/,
    {
      type: "usage_report",
      time_zone: "UTC",
      starting_on: "2026-01-01",
      ending_on: "2026-01-30",
      totals: figures,
      data: [],
      truncated: false,
    },
  ],
  [/^\/readyz$/, { status: "ready", version: "0.0.0", parts: {} }],
  [/\/sandbox$/, { type: "sandbox", state: "running", memory_bytes: null }],
];

/** Instead of the browser's `fetch`. */
export function stagedFetch(stage: StageName): typeof fetch {
  return async (input, init) => {
    if (stage === "loading") return neverAnswered(init?.signal ?? null);
    const { pathname } = new URL(String(input), window.location.href);
    if (stage === "error") {
      const error = { type: "api_error", message: "Something broke on the server." };
      return Response.json({ type: "error", error, request_id: "req_staged" }, { status: 500 });
    }
    const [, answer = { data: [], next_page: null, prev_page: null }] =
      nothing.find(([path]) => path.test(pathname)) ?? [];
    return Response.json(answer);
  };
}

function neverAnswered(signal: AbortSignal | null): Promise<never> {
  return new Promise((_answer, fail) => {
    signal?.addEventListener("abort", () => fail(signal.reason));
  });
}
