// A conversation on paper: everything at once, nothing to press. For the printed page and the HTML file, which style its classes.
import type { ReactNode } from "react";
import type { ResultBlock } from "../../../../contract/content.ts";
import { visibleExactly, visibleName, visibleProse } from "../../../../lib/visible-text.ts";
import { diffRows } from "../../../components/diff-rows.ts";
import { Markdown } from "../../../components/markdown.tsx";
import { classifyInput } from "../classify-input.ts";
import type { Item, ToolCallItem } from "../session-view.ts";
import { callFacts } from "../tool-state-words.ts";
import {
  blockLabel,
  decisionText,
  exactTime,
  outputText,
  RETRY_WORDS,
  type Transcript,
  transcriptFacts,
  transcriptItems,
  transcriptTitle,
} from "./transcript.ts";

/** `maxLines`: longer outputs are cut on paper; the exports have them whole. */
type TranscriptViewProps = { transcript: Transcript; maxLines?: number };

export function TranscriptView({ transcript, maxLines = Number.POSITIVE_INFINITY }: TranscriptViewProps) {
  return (
    <article className="transcript">
      <h1 dir="auto">{transcriptTitle(transcript)}</h1>
      <dl>
        {transcriptFacts(transcript).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      {transcriptItems(transcript.view).map((item) => (
        <ItemOnPaper key={item.id} item={item} maxLines={maxLines} />
      ))}
    </article>
  );
}

function ItemOnPaper({ item, maxLines }: { item: Item; maxLines: number }) {
  switch (item.kind) {
    case "user_message":
      return (
        <section className="transcript-person">
          <Heading who="Person" when={item.at === null ? "queued" : exactTime(item.at)} />
          <MessageBlocks blocks={item.content} />
        </section>
      );
    case "agent_message":
      return (
        <section>
          <Heading who="Agent" when={item.at ? exactTime(item.at) : ""} />
          <Markdown text={item.text} growing={false} onPaper />
          {item.state !== "done" && <p className="transcript-small">The answer broke off here.</p>}
        </section>
      );
    case "thinking":
      return <p className="transcript-small">The model thought about it.</p>;
    case "tool_call":
      return <CallOnPaper call={item} maxLines={maxLines} />;
    case "error":
      return (
        <p className="transcript-failure">
          <strong>Failure</strong> ({item.title ?? visibleExactly(item.errorType)}): {visibleExactly(item.message)}{" "}
          {RETRY_WORDS[item.retry]}
        </p>
      );
    case "note":
    case "receipt":
      return <p className="transcript-small">{visibleExactly(item.text)}</p>;
  }
}

function Heading({ who, when }: { who: string; when: string }) {
  return (
    <h2>
      {who} <small>{when}</small>
    </h2>
  );
}

function MessageBlocks({ blocks }: { blocks: readonly ResultBlock[] }) {
  return blocks.map((block, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no ids and never move within their event
    if (block.type === "text") return <p key={index}>{visibleProse(block.text)}</p>;
    const text = block.type === "document" && block.source.type === "text" ? visibleProse(block.source.data) : null;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no ids and never move within their event
      <div key={index}>
        <p className="transcript-small">{blockLabel(block)}</p>
        {text !== null && <Machine>{text}</Machine>}
        <Picture block={block} />
      </div>
    );
  });
}

function CallOnPaper({ call, maxLines }: { call: ToolCallItem; maxLines: number }) {
  const { confirmation, result } = call;
  return (
    <section className="transcript-call">
      <h3>
        <bdi>{visibleName(call.name)}</bdi> <small>{callFacts(call)}</small>
      </h3>
      <Machine>{cut(inputText(call), maxLines)}</Machine>
      {confirmation && <p className="transcript-small">{decisionText(confirmation)}</p>}
      {confirmation?.message && <p className="transcript-small">Reason: {visibleExactly(confirmation.message)}</p>}
      {result && result.length > 0 && (
        <>
          <Machine>{cut(outputText(result), maxLines)}</Machine>
          {result.map((block, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no ids and never move within their event
            <Picture key={index} block={block} />
          ))}
        </>
      )}
    </section>
  );
}

/** Only what is in the log already: nothing is loaded from elsewhere. */
function Picture({ block }: { block: ResultBlock }) {
  if (block.type !== "image" || block.source.type !== "base64") return null;
  // biome-ignore lint/performance/noImgElement: the image is in the page already
  return <img src={`data:${block.source.media_type};base64,${block.source.data}`} alt="" />;
}

function Machine({ children }: { children: ReactNode }) {
  return <pre dir="ltr">{children}</pre>;
}

function inputText({ name, input }: ToolCallItem): string {
  const shown = classifyInput(name, input);
  if (shown.kind === "text") return visibleExactly(shown.text);
  const rows = diffRows(shown.before, shown.after).map((row) =>
    row.sign === "gap" ? `… ${row.lines} unchanged lines` : `${row.sign} ${visibleExactly(row.text)}`,
  );
  return [`${visibleExactly(shown.path)}${shown.everywhere ? " (every occurrence)" : ""}`, ...rows].join("\n");
}

function cut(text: string, maxLines: number): string {
  const lines = text.split("\n");
  if (lines.length <= maxLines) return text;
  return `${lines.slice(0, maxLines).join("\n")}\n… ${lines.length - maxLines} more lines: an export of the session has them`;
}
