// A model client that answers what a test says, request by request, and remembers what it was asked.
import type { ModelAnswer, ModelClient, ModelInfo, ModelPart, ModelRequest } from "../../src/models/model.ts";

export type ScriptedAnswer = {
  text?: string;
  reasoning?: string;
  toolCalls?: { name: string; input: unknown; id?: string; invalidInput?: string }[];
  usd?: string | null;
  inputTokens?: number;
  /** A call of this tool is begun before `until`. */
  begins?: string;
  /** Streamed before `until`; together with `text` it is the whole text. */
  first?: string;
  /** The answer goes on when this resolves. */
  until?: Promise<void>;
};
export type Script = (request: ModelRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

export type ScriptedModel = ModelClient & {
  /** The requests so far, as they were made. */
  readonly requests: ModelRequest[];
  /** Requests that were given up by the caller. */
  aborted: number;
};

/** `perToken`: US dollars for requests that end early; null: nobody knows. `script` is asked at each request; what it throws is what the request fails with. */
export function createScriptedModel(
  script: Script,
  options: { models?: ModelInfo[]; perToken?: string | null } = {},
): ScriptedModel {
  let calls = 0;
  const model: ScriptedModel = {
    id: "scripted",
    requests: [],
    aborted: 0,
    async streamAnswer(request, onPart) {
      model.requests.push({ ...request, messages: structuredClone(request.messages) });
      const onAbort = () => {
        model.aborted++;
      };
      request.signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await stream(request, onPart);
      } finally {
        request.signal.removeEventListener("abort", onAbort);
      }
    },
    async priceOf(_model, usage) {
      const { perToken = "0.0001" } = options;
      if (perToken === null) return { usd: null, source: "unpriced" };
      return { usd: String(Number(perToken) * (usage.inputTokens + usage.outputTokens)), source: "estimated" };
    },
    async listModels() {
      return options.models ?? [];
    },
    async check() {
      return { ready: true, url: null, message: "scripted", modelCount: options.models?.length ?? 0 };
    },
  };

  async function stream(request: ModelRequest, onPart: (part: ModelPart) => void): Promise<ModelAnswer> {
    const aborted = new Promise<never>((_resolve, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
      if (request.signal.aborted) reject(request.signal.reason);
    });
    aborted.catch(() => undefined);
    const answer = await Promise.race([script(request), aborted]);
    const { text = "", reasoning = "", toolCalls = [], first = "" } = answer;
    if (reasoning) onPart({ type: "reasoning", text: reasoning });
    if (first) onPart({ type: "text", text: first });
    if (answer.begins) onPart({ type: "tool_call", name: answer.begins });
    if (answer.until) await Promise.race([answer.until, aborted]);
    request.signal.throwIfAborted();
    if (text) onPart({ type: "text", text });
    return {
      text: first + text,
      reasoning,
      reasoningState: reasoning ? { kept: reasoning } : null,
      toolCalls: toolCalls.map((call) => ({ id: `call_${++calls}`, ...call })),
      finish: toolCalls.length > 0 ? "tool_calls" : "stop",
      usage: {
        inputTokens: answer.inputTokens ?? 10,
        outputTokens: 5,
        cacheReadTokens: 0,
        cacheCreationTokens: 0,
        reasoningTokens: 0,
      },
      usageSource: "gateway",
      cost: answer.usd === null ? { usd: null, source: "unpriced" } : { usd: answer.usd ?? "0.001", source: "gateway" },
    };
  }
  return model;
}

/** Answers in turn; the last one again and again. An `Error` is what the request fails with. */
export function inTurn(...answers: (ScriptedAnswer | Error)[]): Script {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    if (answer === undefined) throw new Error("the script is empty");
    if (answer instanceof Error) throw answer;
    return answer;
  };
}
