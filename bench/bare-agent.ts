// The loop that anybody writes first: stream an answer, run its command, send the result back. Nothing is stored or isolated.
import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
import { promisify } from "node:util";
import { createSseParser } from "../src/lib/sse.ts";
import { mean } from "./statistics.ts";

type ToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };
type Message =
  | { role: "user"; content: string }
  | { role: "assistant"; content: string; tool_calls?: ToolCall[] }
  | { role: "tool"; tool_call_id: string; content: string };
type Chunk = {
  choices: {
    delta: { content?: string; tool_calls?: { index: number; id?: string; function: Partial<ToolCall["function"]> }[] };
  }[];
};

const bashTool = {
  type: "function",
  function: {
    name: "bash",
    description: "Runs a command",
    parameters: { type: "object", properties: { command: { type: "string" } } },
  },
};
const run = promisify(execFile);

export function createBareAgent(providerUrl: string): {
  turn(text: string): Promise<{ totalMs: number; steps: { modelMs: number; toolMs: number } }>;
  close(): void;
} {
  const agent = new Agent({ keepAlive: true });
  const messages: Message[] = [];

  async function answer(): Promise<{ text: string; calls: ToolCall[] }> {
    const outgoing = request(`${providerUrl}/v1/chat/completions`, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", authorization: "Bearer sk-bench" },
    });
    outgoing.end(
      JSON.stringify({
        model: "scripted",
        messages,
        tools: [bashTool],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    return new Promise((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("response", (response) => {
        const parser = createSseParser();
        const calls: ToolCall[] = [];
        let text = "";
        response.on("data", (bytes: Buffer) => {
          for (const frame of parser.push(bytes)) {
            if (frame.data === "[DONE]") continue;
            const { choices }: Chunk = JSON.parse(frame.data);
            const delta = choices[0]?.delta;
            text += delta?.content ?? "";
            for (const part of delta?.tool_calls ?? []) {
              const call = calls[part.index] ?? { id: "", type: "function", function: { name: "", arguments: "" } };
              call.id ||= part.id ?? "";
              call.function.name ||= part.function.name ?? "";
              call.function.arguments += part.function.arguments ?? "";
              calls[part.index] = call;
            }
          }
        });
        response.once("error", reject);
        response.once("end", () => resolve({ text, calls }));
      });
    });
  }

  return {
    async turn(text) {
      const startMs = performance.now();
      const modelMs: number[] = [];
      const toolMs: number[] = [];
      messages.push({ role: "user", content: text });
      for (;;) {
        const askedMs = performance.now();
        const { text: said, calls } = await answer();
        messages.push({ role: "assistant", content: said, ...(calls.length > 0 ? { tool_calls: calls } : {}) });
        const answeredMs = performance.now();
        modelMs.push(answeredMs - askedMs);
        if (calls.length === 0) break;
        for (const call of calls) {
          const { command }: { command: string } = JSON.parse(call.function.arguments);
          // Node's pipes are sockets: bash takes them for a remote login and would read the user's .bashrc first.
          const { stdout, stderr } = await run("/bin/bash", ["--norc", "-c", command]);
          messages.push({ role: "tool", tool_call_id: call.id, content: stdout + stderr });
        }
        toolMs.push(performance.now() - answeredMs);
      }
      // The first and the last request are left out, as on the other side.
      const inner = modelMs.slice(1, -1);
      return { totalMs: performance.now() - startMs, steps: { modelMs: mean(inner), toolMs: mean(toolMs) } };
    },
    close: () => agent.destroy(),
  };
}
