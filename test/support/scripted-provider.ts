// A scripted model provider over HTTP, alone (OpenAI's chat format) or behind a real LiteLLM (also Anthropic's): answers, faults, a log of requests.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import {
  answerByMarker,
  DEFAULT_USAGE,
  type ScriptedAnswer,
  type ScriptedPrompt,
  type ScriptedUsage,
} from "./scripted-answer.ts";
import { answerMessages, readMessagesPrompt } from "./scripted-messages.ts";
import {
  type ChatBody,
  createGate,
  type Exchange,
  type Gate,
  type LoggedRequest,
  newId,
  sendJson,
  wordsOf,
} from "./scripted-wire.ts";

type Rule = { when: (body: ChatBody) => boolean; answers: ScriptedAnswer[] };

export type ScriptedProvider = {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly url: string;
  readonly requests: LoggedRequest[];
  /** The requests for answers only. */
  readonly chats: LoggedRequest[];
  /** The next answers, in order, for requests that match (all, by default). Without a script the markers decide. */
  script(answers: ScriptedAnswer[], when?: (body: ChatBody) => boolean): void;
  /** Resolves when an answer is held (see `hold`), so that a test can act in the middle of it. */
  held(): Promise<void>;
  /** Lets the answers that are held now go on. */
  release(): void;
  /** Forgets requests and scripts, and lets held answers go on. */
  reset(): void;
  stop(): Promise<void>;
};

export type ScriptedProviderOptions = {
  port?: number;
  /** Keys that are accepted; every key when absent. */
  keys?: string[];
  models?: string[];
  /** The `data` of `/model/info`; 404 when absent. */
  modelInfo?: unknown[];
  /** Gets each request for an answer, which is then not kept: in a long run the log would hold every conversation as often as it was sent. */
  onChat?: (body: ChatBody) => void;
};

export async function startScriptedProvider(options: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
  const requests: LoggedRequest[] = [];
  const failures = new Map<string, number>();
  let rules: Rule[] = [];
  const gate = createGate();

  const answerTo = (body: ChatBody, prompt: ScriptedPrompt): ScriptedAnswer =>
    rules.find((rule) => rule.answers.length > 0 && rule.when(body))?.answers.shift() ??
    answerByMarker(prompt, failures);

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const path = (incoming.url ?? "/").split("?")[0] ?? "/";
    const text = Buffer.concat(chunks).toString("utf8");
    const body: ChatBody | null = text === "" ? null : JSON.parse(text);
    const request: LoggedRequest = {
      method: incoming.method ?? "GET",
      path,
      headers: incoming.headers,
      body,
      at: Date.now(),
      aborted: false,
      answered: false,
    };
    const isChat = body !== null && isAnswerPath(path);
    if (isChat && options.onChat) options.onChat(body);
    else requests.push(request);
    response.on("close", () => {
      request.answered = response.writableFinished;
      request.aborted = !response.writableFinished;
    });
    const key = incoming.headers.authorization?.replace(/^Bearer /, "");
    if (options.keys !== undefined && !options.keys.includes(key ?? "")) {
      return sendError(response, { status: 401, error: { message: "Incorrect API key provided", type: "auth_error" } });
    }
    if (path.endsWith("/models")) {
      const data = (options.models ?? ["scripted"]).map((id) => ({
        id,
        object: "model",
        created: 1_700_000_000,
        owned_by: "test",
      }));
      return sendJson(response, 200, { object: "list", data });
    }
    if (path.endsWith("/model/info") && options.modelInfo !== undefined) {
      return sendJson(response, 200, { data: options.modelInfo });
    }
    const exchange = isChat ? { request, response, body } : null;
    if (exchange !== null) return path.endsWith("/messages") ? messages(exchange) : chat(exchange);
    sendJson(response, 404, { detail: "Not Found" });
  };

  /** True when the answer's fault or error was all there was to say. */
  const failedAtOnce = ({ response }: Exchange, answer: ScriptedAnswer): boolean => {
    if (answer.status !== undefined) sendError(response, answer);
    if (answer.fault === "refuse") response.destroy();
    return answer.status !== undefined || answer.fault === "refuse" || answer.fault === "hang";
  };
  const chat = async (exchange: Exchange) => {
    const answer = answerTo(exchange.body, readPrompt(exchange.body));
    if (failedAtOnce(exchange, answer)) return;
    if (exchange.body.stream === true) return streamChat(exchange, answer, gate);
    sendJson(exchange.response, 200, wholeChat(exchange.body, answer));
  };
  const messages = async (exchange: Exchange) => {
    const answer = answerTo(exchange.body, readMessagesPrompt(exchange.body));
    if (!failedAtOnce(exchange, answer)) await answerMessages(exchange, answer, gate);
  };

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get chats() {
      return requests.filter((request) => isAnswerPath(request.path));
    },
    script: (answers, when = () => true) => {
      rules.push({ when, answers: [...answers] });
    },
    held: () => gate.held(),
    release: () => gate.release(),
    reset: () => {
      gate.release();
      rules = [];
      failures.clear();
      requests.length = 0;
    },
    stop: () =>
      new Promise((resolve, reject) => {
        gate.release();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function isAnswerPath(path: string): boolean {
  return path.endsWith("/chat/completions") || path.endsWith("/messages");
}

function wholeChat(body: ChatBody, answer: ScriptedAnswer) {
  const message = {
    role: "assistant",
    content: answer.text ?? null,
    ...(answer.reasoning === undefined ? {} : { reasoning_content: answer.reasoning }),
    ...(answer.toolCalls === undefined ? {} : { tool_calls: answer.toolCalls.map(toToolCall) }),
  };
  return {
    id: newId("chatcmpl"),
    object: "chat.completion",
    created: 1,
    model: body.model,
    choices: [{ index: 0, message, finish_reason: finishOf(answer) }],
    ...(answer.usage === null ? {} : { usage: toUsage(answer) }),
  };
}

async function streamChat({ response, body }: Exchange, answer: ScriptedAnswer, gate: Gate): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.flushHeaders();
  if (answer.fault === "silent") return;
  const id = newId("chatcmpl");
  const send = (data: unknown) => {
    if (!response.destroyed) response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  };
  const chunk = (delta: unknown, finish: string | null = null) =>
    send({
      id,
      object: "chat.completion.chunk",
      created: 1,
      model: body.model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const delayMs = answer.wordDelayMs ?? 0;

  chunk({ role: "assistant", content: "" });
  for (const word of wordsOf(answer.reasoning)) {
    chunk({ reasoning_content: word });
    if (delayMs > 0) await pause(delayMs);
  }
  for (const [index, word] of wordsOf(answer.text).entries()) {
    if (response.destroyed) return;
    chunk({ content: word });
    if (index === 0 && answer.hold) await gate.pass(response);
    if (index === 1 && answer.fault !== undefined && answer.fault !== "no-finish") {
      if (answer.fault === "stall") return;
      if (answer.fault === "error-event") {
        send({ error: { message: "scripted error in the stream", type: "server_error", code: 500 } });
        response.end();
        return;
      }
      // What was written must be on the wire before the cut, else nobody sees the middle of an answer.
      response.write("", () => setImmediate(() => response.destroy()));
      return;
    }
    if (delayMs > 0) await pause(delayMs);
  }
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    const { function: called, ...rest } = toToolCall(call);
    const half = Math.ceil(called.arguments.length / 2);
    chunk({ tool_calls: [{ index, ...rest, function: { name: called.name, arguments: "" } }] });
    for (const piece of [called.arguments.slice(0, half), called.arguments.slice(half)]) {
      chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  if (answer.fault !== "no-finish") {
    chunk({}, finishOf(answer));
    if (answer.usage !== null && body.stream_options?.include_usage === true) {
      send({ id, object: "chat.completion.chunk", created: 1, model: body.model, choices: [], usage: toUsage(answer) });
    }
    send("[DONE]");
  }
  response.end();
}

function sendError(response: ServerResponse, answer: ScriptedAnswer): void {
  const { status = 500, retryAfterS } = answer;
  const error = answer.error ?? { message: `scripted error ${status}` };
  if (retryAfterS !== undefined) response.setHeader("retry-after", String(retryAfterS));
  sendJson(response, status, {
    type: "error",
    error: { param: null, type: status === 429 ? "rate_limit_error" : "api_error", code: String(status), ...error },
  });
}

function finishOf(answer: ScriptedAnswer): string {
  return answer.finish ?? (answer.toolCalls === undefined ? "stop" : "tool_calls");
}

function toToolCall(call: { name: string; input?: unknown; rawInput?: string; id?: string }) {
  return {
    id: call.id ?? newId("call"),
    type: "function" as const,
    function: { name: call.name, arguments: call.rawInput ?? JSON.stringify(call.input ?? {}) },
  };
}

function toUsage(answer: ScriptedAnswer) {
  const usage: ScriptedUsage = answer.usage ?? DEFAULT_USAGE;
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached ?? 0, cache_creation_tokens: usage.cacheCreation ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    ...(answer.cost === undefined ? {} : { cost: answer.cost }),
  };
}

/** The last user text, the results after it and the tools on offer. */
function readPrompt(body: ChatBody): ScriptedPrompt {
  const lastUser = body.messages.findLastIndex((message) => message.role === "user");
  return {
    userText: textOf(body.messages[lastUser]?.content),
    results: body.messages
      .slice(lastUser + 1)
      .flatMap((message) => (message.role === "tool" ? [textOf(message.content)] : [])),
    toolNames: (body.tools ?? []).flatMap((tool) => tool.function?.name ?? []),
  };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("\n");
}
