// A conversation as Markdown. Pure. What a machine wrote stands in fences that it cannot leave.

import { oneLine } from "../../../../lib/one-line.ts";
import { visibleExactly, visibleName, visibleProse } from "../../../../lib/visible-text.ts";
import { diffRows } from "../../../components/diff-rows.ts";
import { classifyInput } from "../classify-input.ts";
import type { Item, ToolCallItem } from "../session-view.ts";
import { callFacts } from "../tool-state-words.ts";
import { inertMarkdown } from "./inert-markdown.ts";
import {
  decisionText,
  exactTime,
  messageText,
  outputText,
  RETRY_WORDS,
  type Transcript,
  transcriptFacts,
  transcriptItems,
  transcriptTitle,
} from "./transcript.ts";

export function toMarkdown(transcript: Transcript): string {
  const facts = transcriptFacts(transcript).map(([name, value]) => `- ${name}: ${plain(value)}`);
  const items = transcriptItems(transcript.view).map(itemParts);
  const parts = [`# ${plain(transcriptTitle(transcript))}`, facts.join("\n"), ...items.flat()];
  return `${parts.join("\n\n")}\n`;
}

function itemParts(item: Item): string[] {
  switch (item.kind) {
    case "user_message": {
      const when = item.at === null ? "queued" : exactTime(item.at);
      return [`## Person · ${when}`, quote(inertMarkdown(messageText(item.content)))];
    }
    case "agent_message":
      return [
        `## Agent${item.at ? ` · ${exactTime(item.at)}` : ""}`,
        inertMarkdown(visibleProse(item.text)),
        ...(item.state === "done" ? [] : ["*The answer broke off here.*"]),
      ];
    case "thinking":
      return ["*The model thought about it.*"];
    case "tool_call":
      return callParts(item);
    case "error":
      return [
        `**Failure** (${plain(item.title ?? visibleExactly(item.errorType))}): ${plain(visibleExactly(item.message))} ${RETRY_WORDS[item.retry]}`,
      ];
    case "note":
    case "receipt":
      return [`*${plain(visibleExactly(item.text))}*`];
  }
}

function callParts(call: ToolCallItem): string[] {
  const { confirmation, result } = call;
  return [
    `### Tool call: ${plain(visibleName(call.name))} · ${callFacts(call)}`,
    inputFence(call),
    ...(confirmation ? [plain(decisionText(confirmation))] : []),
    ...(confirmation?.message ? [`Reason: ${plain(visibleExactly(confirmation.message))}`] : []),
    ...(result && result.length > 0 ? ["Output:", fence(outputText(result))] : []),
  ];
}

function inputFence({ name, input }: ToolCallItem): string {
  const shown = classifyInput(name, input);
  if (shown.kind === "text") return fence(visibleExactly(shown.text), name === "bash" ? "sh" : "json");
  const rows = diffRows(shown.before, shown.after).map((row) =>
    row.sign === "gap" ? `… ${row.lines} unchanged lines` : `${row.sign}${visibleExactly(row.text)}`,
  );
  const where = `${visibleExactly(shown.path)}${shown.everywhere ? " (every occurrence)" : ""}`;
  return fence([`@@ ${where}`, ...rows].join("\n"), "diff");
}

/** A fence longer than any within: nothing in the text ends it. */
function fence(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const mark = "`".repeat(longest + 1);
  return `${mark}${language}\n${text.endsWith("\n") ? text.slice(0, -1) : text}\n${mark}`;
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? ">" : `> ${line}`))
    .join("\n");
}

/** One line without markup of its own. */
function plain(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_[\]<>#|~!]/g, "\\$&");
}
