// What the demo model says next: a pure function of the conversation, so that it goes on anywhere after any restart.
import { createHash } from "node:crypto";
import type { ContentPart, ModelMessage, ModelRequest } from "./model.ts";

export type DemoAnswer = { reasoning: string; text: string; toolCalls: { id: string; name: string; input: unknown }[] };
type Call = { name: string; input: unknown };
/** One step: what is said, and the calls made at once. */
type Step = { say: string; reasoning?: string; calls: Call[] };
type Result = { call: Call; text: string; isError: boolean; pictures: number };
type Plan = { steps: Step[]; conclude: (results: Result[]) => string };

const CONNECT =
  "I am Berth's demo model: scripted, without network, and not clever. To talk to a real one, start Berth with LITELLM_GATEWAY_URL set to the address of your LiteLLM gateway and LITELLM_API_KEY set to its key; then choose one of the gateway's models for your agent.";
const CONNECT_SHORT = "(Demo model. Real models come with LITELLM_GATEWAY_URL and LITELLM_API_KEY.)";
const TOUR_FILE = "hello-from-berth.md";
const MAX_SHOWN_CHARACTERS = 1_500;

/** The next answer to `request`: a step of the plan that the last user message asks for, or its conclusion. */
export function nextDemoAnswer(request: Pick<ModelRequest, "messages" | "tools" | "system">): DemoAnswer {
  const { messages, tools } = request;
  if (tools.length === 0 && /\bsummar|\bsum up\b/i.test(request.system)) return summaryOf(messages);
  const start = startOfTurn(messages);
  const asked = messages
    .slice(start)
    .flatMap((message) => (message.role === "user" && !isSummary(message) ? message.content : []));
  const turn = messages.slice(start);
  const offered = new Set(tools.map((tool) => tool.name));
  const firstTurn = !messages.slice(0, start).some((message) => message.role === "assistant");
  const plan = planFor({ asked, offered, firstTurn });

  const results = resultsOf(turn);
  const done = turn.filter((message) => message.role === "assistant" && message.toolCalls.length > 0).length;
  const step = results.some(wasDenied) ? undefined : plan.steps[done];
  if (step === undefined) {
    const said = messages.some((message) => message.role === "assistant" && message.text.includes(CONNECT));
    const text = [conclude(plan, results), said ? CONNECT_SHORT : CONNECT].filter((part) => part !== "").join("\n\n");
    return { reasoning: "", text, toolCalls: [] };
  }
  const seed = createHash("sha256").update(JSON.stringify(messages)).digest("hex").slice(0, 20);
  return {
    reasoning: step.reasoning ?? "",
    text: step.say,
    toolCalls: step.calls.map((call, index) => ({ id: `call_${seed}_${index}`, ...call })),
  };
}

/** What stands for a conversation that was too long holds commands that were already run. */
function isSummary(message: Extract<ModelMessage, { role: "user" }>): boolean {
  const [first] = message.content;
  return first?.type === "text" && /^The conversation so far\b.*\bsumm/.test(first.text);
}

/** Asked to sum up, the demo model keeps the ends. */
function summaryOf(messages: readonly ModelMessage[]): DemoAnswer {
  const whole = messages.map((message) => ("content" in message ? textOf(message.content) : message.text)).join("\n");
  const kept =
    whole.length <= MAX_SHOWN_CHARACTERS * 2
      ? whole
      : `${whole.slice(0, MAX_SHOWN_CHARACTERS)}\n[…]\n${whole.slice(-MAX_SHOWN_CHARACTERS)}`;
  return { reasoning: "", text: `The beginning and the end of what was said:\n${kept}`, toolCalls: [] };
}

/** The first of the user messages that the current turn answers: several that wait are answered together. */
function startOfTurn(messages: readonly ModelMessage[]): number {
  let start = messages.findLastIndex((message) => message.role === "user");
  while (start > 0 && ["user", "system"].includes(messages[start - 1]?.role ?? "")) start--;
  return Math.max(start, 0);
}

function planFor({
  asked,
  offered,
  firstTurn,
}: {
  asked: ContentPart[];
  offered: Set<string>;
  firstTurn: boolean;
}): Plan {
  const text = textOf(asked);
  const received = describeAttachments(asked);
  const named = namedTool(text);
  if (named !== null) return toolPlan(named, offered);
  const commands = commandsIn(text);
  if (commands.length > 0)
    return commandPlan(commands, { parallel: /\b(in parallel|at once|at the same time)\b/i.test(text), offered });
  const tour = firstTurn && received === "" ? tourSteps(offered) : [];
  if (tour.length > 0) {
    return {
      steps: tour,
      conclude: (results) =>
        `${failures(results)}That was a tour: I looked around in my own sandbox, wrote ${TOUR_FILE} and read it back. Put a command in backticks, such as \`date\`, and I run it.`,
    };
  }
  const quoted = text.trim().replace(/\s+/g, " ").slice(0, 200);
  return {
    steps: [],
    conclude: () =>
      [
        received,
        quoted === "" ? "" : `You wrote: "${quoted}".`,
        offered.has("bash")
          ? "Put a command in backticks, such as `ls -la`, and I run it; write 'in parallel' to run several at once."
          : "This agent has no bash tool, so I can't run commands.",
      ]
        .filter((part) => part !== "")
        .join(" "),
  };
}

/** "Use the NAME tool", with its input as JSON somewhere after it. */
function namedTool(text: string): Call | null {
  const match = /\buse the [`"']?([A-Za-z0-9_-]+)[`"']? tool\b/i.exec(text);
  if (match?.[1] === undefined) return null;
  const rest = text.slice(match.index);
  const json = rest.slice(Math.max(0, rest.indexOf("{")), rest.lastIndexOf("}") + 1) || "{}";
  try {
    return { name: match[1], input: JSON.parse(json) };
  } catch {
    return { name: match[1], input: {} };
  }
}

function toolPlan(call: Call, offered: Set<string>): Plan {
  if (!offered.has(call.name)) {
    const names = [...offered].join(", ") || "none";
    return { steps: [], conclude: () => `This agent has no tool "${call.name}". Its tools are: ${names}.` };
  }
  return {
    steps: [{ say: `I use the ${call.name} tool.`, calls: [call] }],
    conclude: (results) => results.map(describe).join("\n\n"),
  };
}

/** Commands in backticks, or the lines' block in a fence. */
function commandsIn(text: string): string[] {
  const fenced = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const inline = [...text.replace(/```[\s\S]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
  return [...fenced, ...inline].map((command) => command.trim()).filter((command) => command !== "");
}

function commandPlan(commands: string[], options: { parallel: boolean; offered: Set<string> }): Plan {
  if (!options.offered.has("bash")) {
    return { steps: [], conclude: () => "This agent has no bash tool, so I can't run your command." };
  }
  const calls = commands.map((command) => ({ name: "bash", input: { command } }));
  const steps: Step[] = options.parallel
    ? [{ say: `I run ${commands.length} commands at once.`, calls }]
    : calls.map((call, index) => ({
        say: calls.length === 1 ? "I run it." : `Command ${index + 1} of ${calls.length}.`,
        calls: [call],
      }));
  return { steps, conclude: (results) => results.map(describe).join("\n\n") };
}

function tourSteps(offered: Set<string>): Step[] {
  const steps: Step[] = [];
  if (offered.has("bash")) {
    steps.push({
      reasoning: "No command in backticks and no earlier answer: this is a good moment to show the tools.",
      say: "Hello! I look around first.",
      calls: [{ name: "bash", input: { command: "pwd; ls -la; uname -sr" } }],
    });
  }
  if (offered.has("write")) {
    const content = "# Hello from Berth\n\nThis file lives in the session's workspace and outlives its sandbox.\n";
    steps.push({ say: "Now I write a file.", calls: [{ name: "write", input: { file_path: TOUR_FILE, content } }] });
    if (offered.has("read")) {
      steps.push({ say: "And read it back.", calls: [{ name: "read", input: { file_path: TOUR_FILE } }] });
    }
  }
  return steps;
}

function conclude(plan: Plan, results: Result[]): string {
  const denied = results.find(wasDenied);
  if (denied === undefined) return plan.conclude(results);
  const why = shown(denied.text);
  return `You did not allow ${titleOf(denied.call)}, so I stop here.${why === "" ? "" : ` I was told: ${why}`}`;
}

/** Results of the turn, each with its call. */
function resultsOf(turn: readonly ModelMessage[]): Result[] {
  const calls = new Map<string, Call>();
  const results: Result[] = [];
  for (const message of turn) {
    if (message.role === "assistant") for (const call of message.toolCalls) calls.set(call.id, call);
    if (message.role !== "tool") continue;
    results.push({
      call: calls.get(message.toolCallId) ?? { name: message.name, input: {} },
      text: textOf(message.content),
      isError: message.isError,
      pictures: message.content.filter((part) => part.type !== "text").length,
    });
  }
  return results;
}

function wasDenied(result: Result): boolean {
  return result.isError && /^The user (denied|declined|rejected)\b/i.test(result.text.trimStart());
}

function failures(results: Result[]): string {
  const failed = results
    .filter((result) => result.isError)
    .map((result) => `${titleOf(result.call)} failed: ${shown(result.text)}`);
  return failed.length === 0 ? "" : `Not all went well. ${failed.join(" ")}\n\n`;
}

function describe(result: Result): string {
  const title = titleOf(result.call);
  const pictures = result.pictures === 0 ? "" : `\n(and ${result.pictures} attachments)`;
  if (result.isError) return `${title} failed:\n${fenced(result.text)}${pictures}`;
  return result.text.trim() === ""
    ? `${title} printed nothing.${pictures}`
    : `${title} answered:\n${fenced(result.text)}${pictures}`;
}

function titleOf(call: Call): string {
  const { input } = call;
  if (call.name === "bash" && typeof input === "object" && input !== null && "command" in input) {
    const first = String(input.command).split("\n")[0] ?? "";
    return `\`${first.length > 100 ? `${first.slice(0, 100)}…` : first}\``;
  }
  return `The ${call.name} tool`;
}

function fenced(text: string): string {
  return `\`\`\`\n${shown(text).replaceAll("```", "'''")}\n\`\`\``;
}

function shown(text: string): string {
  const whole = text.trimEnd();
  return whole.length > MAX_SHOWN_CHARACTERS
    ? `${whole.slice(0, MAX_SHOWN_CHARACTERS)}\n… (${whole.length} characters in all)`
    : whole;
}

function describeAttachments(parts: ContentPart[]): string {
  const words = parts.flatMap((part) => {
    if (part.type === "image") return [`a picture (${part.mediaType}, ${kilobytes(part.data)})`];
    if (part.type === "image_url") return ["a picture by its address, which I can't open"];
    if (part.type === "file")
      return [`the file ${part.name ?? "without a name"} (${part.mediaType}, ${kilobytes(part.data)})`];
    return [];
  });
  return words.length === 0 ? "" : `I got ${words.join(" and ")}. I can't see what is in it.`;
}

function kilobytes(base64: string): string {
  return `${Math.max(1, Math.round((base64.length * 3) / 4 / 1_024))} KB`;
}

function textOf(parts: readonly ContentPart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}
