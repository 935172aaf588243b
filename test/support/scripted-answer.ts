// What a scripted model answers: written by a test, or chosen by a marker in the last user text.

type ScriptedToolCall = {
  name: string;
  input?: unknown;
  /** Sent instead of `input` as it is, to play a model that writes broken JSON. */
  rawInput?: string;
  id?: string;
};

export type ScriptedUsage = {
  prompt: number;
  completion: number;
  cached?: number;
  cacheCreation?: number;
  reasoning?: number;
};

type Fault =
  /** Never answers. */
  | "hang"
  /** Headers, then nothing. */
  | "silent"
  /** Two words, then nothing. */
  | "stall"
  /** Two words, then the socket is cut. */
  | "disconnect"
  /** The socket is cut before any header. */
  | "refuse"
  /** Two words, then an error event. */
  | "error-event"
  /** All words, but no finish reason and no end marker. */
  | "no-finish";

export type ScriptedAnswer = {
  text?: string;
  reasoning?: string;
  toolCalls?: ScriptedToolCall[];
  finish?: "stop" | "tool_calls" | "length" | "content_filter";
  /** Null: the provider counts nothing. */
  usage?: ScriptedUsage | null;
  /** As LiteLLM adds it to the last chunk. */
  cost?: number;
  wordDelayMs?: number;
  /** Streams the first word, then waits for `provider.release()`. */
  hold?: boolean;
  fault?: Fault;
  /** An HTTP error instead of an answer. */
  status?: number;
  error?: { message: string; type?: string; code?: string };
  retryAfterS?: number;
};

/** What a marker script needs to know of a request, whatever its format. */
export type ScriptedPrompt = {
  userText: string;
  /** Results that came after the last user text. */
  results: string[];
  toolNames: string[];
};

export const DEFAULT_USAGE: ScriptedUsage = { prompt: 100, completion: 20 };

const CONTEXT_OVERFLOW: ScriptedAnswer = {
  status: 400,
  error: {
    message:
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. Please reduce the length of the messages.",
    type: "invalid_request_error",
    code: "context_length_exceeded",
  },
};

const FAULT_BY_MARKER: Record<string, Fault> = {
  HANG: "hang",
  SILENT: "silent",
  STALL: "stall",
  DISCONNECT: "disconnect",
  REFUSE: "refuse",
  ERREVENT: "error-event",
  NOFINISH: "no-finish",
};

/**
 * The answer to a prompt without a script. Markers, in the last user text:
 * `ERRnnn` or `ERRnnnRAs` an HTTP error (with Retry-After) · `CTXLEN` · the faults `HANG SILENT STALL DISCONNECT REFUSE ERREVENT NOFINISH` ·
 * `FAILN[id:k:status]` the first k requests fail · `THINK` · `CACHE` · `NOUSAGE` · `SLOW` · `FAST` · `HOLD` ·
 * `RUNCMD[a]` calls bash · `STEPS[a|b]` one after the other · `PARALLEL[a|b]` at once · `CALLTOOL[name {"json":1}]` · `BADJSON` a broken tool call.
 */
export function answerByMarker(prompt: ScriptedPrompt, failures: Map<string, number>): ScriptedAnswer {
  const { userText, results } = prompt;
  const fault = faultByMarker(userText, failures);
  if (fault !== null) return fault;
  const call = callByMarker(prompt);
  if (call !== null) return call;
  if (results.length > 0) return { text: `Final answer: the tool returned: ${results.join(" | ").slice(0, 400)}` };
  if (userText.includes("THINK")) {
    return {
      reasoning: "Let me think. Six times seven.",
      text: "The answer is 42.",
      usage: { ...DEFAULT_USAGE, reasoning: 8 },
    };
  }
  if (userText.includes("CACHE")) return { text: "cached answer", usage: { ...DEFAULT_USAGE, cached: 80 } };
  if (userText.includes("NOUSAGE")) return { text: "no usage answer", usage: null };
  if (userText.includes("HOLD")) return { text: "held until it is released", hold: true };
  if (userText.includes("FAST")) return { text: "a b c d e f g h" };
  if (userText.includes("SLOW")) {
    return { text: Array.from({ length: 120 }, (_, index) => `tick${index} `).join(""), wordDelayMs: 250 };
  }
  return { text: "Hello from the scripted model. Bye.", wordDelayMs: 5 };
}

function faultByMarker(userText: string, failures: Map<string, number>): ScriptedAnswer | null {
  const status = /ERR(\d{3})(?:RA(\d+))?/.exec(userText);
  if (status !== null) {
    return { status: Number(status[1]), ...(status[2] === undefined ? {} : { retryAfterS: Number(status[2]) }) };
  }
  const failing = /FAILN\[(\w+):(\d+):(\d+)\]/.exec(userText);
  if (failing !== null) {
    const [, id = "", times, code] = failing;
    const count = (failures.get(id) ?? 0) + 1;
    failures.set(id, count);
    if (count <= Number(times)) return { status: Number(code) };
  }
  if (userText.includes("CTXLEN")) return CONTEXT_OVERFLOW;
  for (const [marker, fault] of Object.entries(FAULT_BY_MARKER)) {
    if (new RegExp(`\\b${marker}\\b`).test(userText)) return { fault, text: "one two three four" };
  }
  return null;
}

function callByMarker({ userText, results, toolNames }: ScriptedPrompt): ScriptedAnswer | null {
  const steps = /STEPS\[([^\]]*)\]/.exec(userText)?.[1]?.split("|");
  const step = steps?.[results.length];
  if (step !== undefined) return { text: `Step ${results.length + 1}.`, toolCalls: [bash(step)] };
  if (results.length > 0) return null;
  const command = /RUNCMD\[([^\]]*)\]/.exec(userText)?.[1];
  if (command !== undefined) return { text: "I will run a command.", toolCalls: [bash(command)] };
  const commands = /PARALLEL\[([^\]]*)\]/.exec(userText)?.[1]?.split("|");
  if (commands !== undefined) return { toolCalls: commands.map(bash) };
  const [, wanted, json] = /CALLTOOL\[([^\]\s]*)\s?(\{.*\})?\]/.exec(userText) ?? [];
  if (wanted !== undefined) {
    const name = toolNames.find((candidate) => candidate.includes(wanted)) ?? wanted;
    return { toolCalls: [{ name, input: JSON.parse(json ?? "{}") }] };
  }
  if (userText.includes("BADJSON"))
    return { toolCalls: [{ name: toolNames[0] ?? "bash", rawInput: '{"command": "ls' }] };
  return null;
}

function bash(command: string): ScriptedToolCall {
  return { name: "bash", input: { command } };
}
