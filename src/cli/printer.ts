// Writes a session's events as they arrive: the agent's words, its tool calls, and what went wrong.

import { errorTitle, mendingWords } from "../client/error-words.ts";
import { preparationWords } from "../client/preparation-words.ts";
import { restoredWords } from "../client/restored-words.ts";
import { securityWords } from "../client/rule-words.ts";
import { describeMeasures } from "../client/tool-measures.ts";
import type { ResultBlock } from "../contract/content.ts";
import type {
  AgentToolResultEvent,
  PreviewEvent,
  SessionErrorEvent,
  SessionEvent,
  StreamEvent,
} from "../contract/events.ts";
import { isPreview, isToolOutput } from "../contract/previews.ts";
import { visibleOutput, visibleProse } from "../lib/visible-text.ts";
import { createLiveOutput } from "./live-output.ts";
import { callLine } from "./show-call.ts";
import type { Paint, Terminal } from "./terminal.ts";
import type { OpenCall } from "./turn-watch.ts";

export type Printer = {
  take(event: StreamEvent): void;
  /** The stream was cut: what was being written is written anew when it is whole. */
  cut(): void;
};

/** Lines of a tool's output that are shown. */
const SHOWN_LINES = 12;
const SLOW_MS = 1_000;

export type PrinterOptions = {
  out: (text: string) => void;
  /** Tool calls and failures. The same as `out` where all of it is what was asked for. */
  note: (text: string) => void;
  paint: Paint;
  /** Messages of people are shown too. */
  people: boolean;
};

export function createPrinter({ out, note, paint, people }: PrinterOptions): Printer {
  const calls = new Map<string, OpenCall>();
  const shownMessages = new Set<string>();
  /** The message that is on the screen in part. */
  let writing: { id: string; text: string } | null = null;
  const live = createLiveOutput({ write: (text) => note(paint(text, "dim")), begin: beginOutput });

  function beginOutput(callId: string): void {
    const call = calls.get(callId);
    if (call && calls.size > 1) note(`${paint("↳", "cyan")} ${callLine(call)}\n`);
  }

  function breakOff(): void {
    live.breakOff();
    if (writing && writing.text !== "" && !writing.text.endsWith("\n")) out("\n");
    writing = null;
  }

  function tellError(error: SessionErrorEvent["error"]): void {
    const { type, environment_id: environmentId = null, mcp_server_name: mcpServerName = null } = error;
    const title = errorTitle({ type, environmentId, mcpServerName });
    note(`${paint("!", "red")} ${title === null ? "" : `${title}. `}${visibleOutput(error.message)}\n`);
    const mending = mendingWords(error);
    if (mending !== null) note(paint(`  ${visibleOutput(mending)}\n`, "dim"));
  }

  function takeMessage(id: string, text: string): void {
    if (writing?.id === id && text.startsWith(writing.text)) {
      out(`${visibleProse(text.slice(writing.text.length))}\n`);
      writing = null;
      return;
    }
    breakOff();
    out(`${visibleProse(text)}\n`);
  }

  function takeCall(call: OpenCall, waits: string | null): void {
    breakOff();
    calls.set(call.id, call);
    note(`${paint("●", "cyan")} ${callLine(call)}${waits ? paint(`  (${waits})`, "yellow") : ""}\n`);
  }

  function takeResult(callId: string, content: readonly ResultBlock[], { isError, measures }: How): void {
    const unseen = live.unseen(callId, textOf(content));
    breakOff();
    const call = calls.get(callId);
    // Several run at once: whose result it is has to be said.
    const heading = [...(call && calls.size > 1 ? [callLine(call)] : []), ...(measures === "" ? [] : [measures])];
    if (heading.length > 0) note(`${paint("↳", isError ? "red" : "cyan")} ${heading.join(" · ")}\n`);
    calls.delete(callId);
    const lines = unseen ?? visibleOutput(textOf(content)).trimEnd().split("\n");
    if (lines.length > 0) note(resultLines(lines, isError, paint));
  }

  function takeStored(event: SessionEvent): void {
    switch (event.type) {
      case "user.message":
        if (event.withdrawn) note(`${paint("(the message was withdrawn)", "dim")}\n`);
        if (!people || shownMessages.has(event.id)) return;
        shownMessages.add(event.id);
        breakOff();
        out(`${paint(`> ${visibleProse(textOf(event.content)).replaceAll("\n", "\n  ")}`, "bold")}\n`);
        break;
      case "agent.message":
        takeMessage(event.id, event.content.map((block) => block.text).join("\n\n"));
        break;
      case "agent.tool_use":
      case "agent.mcp_tool_use":
        takeCall(event, event.evaluated_permission === "ask" ? "needs permission" : null);
        break;
      case "agent.custom_tool_use":
        takeCall(event, "waits for its program");
        break;
      case "agent.tool_result":
        takeResult(event.tool_use_id, event.content, { isError: event.is_error, measures: measuresOf(event) });
        break;
      case "agent.mcp_tool_result":
        takeResult(event.mcp_tool_use_id, event.content, {
          isError: event.is_error,
          measures: describeMeasures({ durationMs: event.duration_ms }),
        });
        break;
      case "user.custom_tool_result":
        if (event.processed_at !== null)
          takeResult(event.custom_tool_use_id, event.content ?? [], { isError: event.is_error === true, measures: "" });
        break;
      case "user.interrupt":
        if (event.processed_at === null) return;
        breakOff();
        note(paint("Interrupted.\n", "dim"));
        break;
      case "agent.thread_context_compacted":
        note(paint("The conversation was long: its older part was summarised.\n", "dim"));
        break;
      case "session.packages":
      case "session.repository":
        breakOff();
        note(paint(`${visibleOutput(preparationWords(event))}\n`, "dim"));
        break;
      case "session.restored":
        breakOff();
        note(paint(`${visibleOutput(restoredWords(event))}\n`, "dim"));
        break;
      case "session.egress_refused":
        breakOff();
        note(`${paint("!", "red")} ${visibleOutput(securityWords(event))}\n`);
        break;
      case "session.error":
        breakOff();
        tellError(event.error);
        break;
    }
  }

  function takePreview(event: PreviewEvent): void {
    if (isToolOutput(event)) {
      // Of a call that is not shown, its output is not either.
      if (!calls.has(event.tool_use_id)) return;
      if (writing) breakOff();
      live.take(event);
    } else if (event.type === "event_delta") {
      if (writing?.id !== event.event_id) return;
      writing.text += event.delta.content.text;
      out(visibleProse(event.delta.content.text));
    } else if (event.event.type !== "agent.tool_result") {
      breakOff();
      if (event.event.type === "agent.message") writing = { id: event.event.id, text: "" };
    }
  }

  return {
    take(event) {
      if (isPreview(event)) takePreview(event);
      else takeStored(event);
    },
    cut: breakOff,
  };
}

type How = { isError: boolean; measures: string };

/** Of a command always; other tools are quick, and only a slow one is worth the words. */
function measuresOf({ exit_code, duration_ms }: AgentToolResultEvent): string {
  if (exit_code === undefined && (duration_ms ?? 0) < SLOW_MS) return "";
  return describeMeasures({ exitCode: exit_code, durationMs: duration_ms });
}

/** One event a line, as the API has it; nothing in it can move a cursor or the order of reading. */
export function createJsonPrinter(out: (text: string) => void): Printer {
  return {
    take(event) {
      if (!isPreview(event)) out(`${toJsonLine(event)}\n`);
    },
    cut: () => undefined,
  };
}

const HIDDEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(HIDDEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function resultLines(lines: readonly string[], isError: boolean, paint: Paint): string {
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `  ${line}`);
  const left = lines.length - SHOWN_LINES;
  if (left > 0) shown.push(`  … ${left} more ${left === 1 ? "line" : "lines"}`);
  return `${paint(shown.join("\n"), isError ? "red" : "dim")}\n`;
}

function textOf(content: readonly ResultBlock[]): string {
  return content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
}

/** How `run` and `attach` write, and `logs` too. */
export function printerFor(terminal: Terminal, options: { json: boolean; all: boolean }): Printer {
  const { out, note, paint } = terminal;
  if (options.json) return createJsonPrinter(out);
  return createPrinter({ out, note: options.all ? out : note, paint, people: options.all });
}
