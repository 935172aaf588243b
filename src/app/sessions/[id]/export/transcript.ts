// A conversation to be written down: what the exports and the printed page have in common.
import type { ResultBlock } from "../../../../contract/content.ts";
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Session } from "../../../../contract/sessions.ts";
import { visibleExactly, visibleName, visibleOutput, visibleProse } from "../../../../lib/visible-text.ts";
import { formatCost, formatCount } from "../../../components/format.ts";
import type { Confirmation, ErrorItem, Item, SessionView } from "../session-view.ts";

export type Transcript = {
  session: Session;
  /** As the log has it last. */
  title: string | null;
  view: SessionView;
  /** The stored events at their places in the log. */
  log: readonly StreamEvent[];
  /** When it was written down. */
  at: string;
};

export function transcriptTitle({ title }: Pick<Transcript, "title">): string {
  return title === null ? "Untitled session" : visibleName(title);
}

/** Name and value of each fact about the session; no value holds a line break. */
export function transcriptFacts({ session, view, at }: Transcript): [string, string][] {
  const { agent } = session;
  const usage = view.usage ?? session.usage;
  const cost = formatCost(usage);
  return [
    ["Session", session.id],
    ["Agent", `${visibleName(agent.name)} v${agent.version}`],
    ["Model", visibleName(agent.model.id)],
    ["Started", exactTime(session.created_at)],
    ["Used", `${formatCount(usage.input_tokens + usage.output_tokens)} tokens${cost ? ` · ${cost}` : ""}`],
    ["Written down", exactTime(at)],
  ];
}

/** Everything that was said and done, in order; messages that the agent has not read yet come last. */
export function transcriptItems(view: SessionView): Item[] {
  return [...view.turns.flatMap((turn) => turn.items), ...view.queued];
}

/** `2026-01-31 12:00:05 UTC`: the same for every reader. */
export function exactTime(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? visibleExactly(at) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function decisionText({ result, by, at }: Confirmation): string {
  const who = by === null ? "" : by.type === "api_key" ? ` with the key ${visibleName(by.name)}` : " in the dashboard";
  return `${result === "allow" ? "Allowed" : "Denied"}${who}${at ? ` · ${exactTime(at)}` : ""}`;
}

export const RETRY_WORDS: Readonly<Record<ErrorItem["retry"], string>> = {
  retrying: "It was tried again.",
  exhausted: "The turn was given up.",
  terminal: "The session could not go on.",
};

/** A block that is not text, in a few words; null for a text. */
export function blockLabel(block: ResultBlock): string | null {
  switch (block.type) {
    case "text":
      return null;
    case "image":
      return block.source.type === "base64"
        ? `image (${block.source.media_type})`
        : `image at ${visibleExactly(block.source.url)}, not included`;
    case "document": {
      const name = block.title ?? (block.source.type === "url" ? block.source.url : block.source.media_type);
      return `document: ${visibleName(name)}`;
    }
    case "search_result":
      return `search result: ${visibleName(block.title)} – ${visibleExactly(block.source)}`;
    default:
      return visibleExactly(String((block as { type: string }).type));
  }
}

/** Text of a tool's result, with a label for everything else in it. */
export function outputText(blocks: readonly ResultBlock[]): string {
  return blocks
    .map((block) => (block.type === "text" ? visibleOutput(block.text) : `[${blockLabel(block)}]`))
    .join("\n");
}

/** What a person wrote or an agent answered. */
export function messageText(blocks: readonly ResultBlock[]): string {
  return blocks
    .map((block) => {
      if (block.type === "text") return visibleProse(block.text);
      const text =
        block.type === "document" && block.source.type === "text" ? `\n${visibleProse(block.source.data)}` : "";
      return `[${blockLabel(block)}]${text}`;
    })
    .join("\n\n");
}

/** A name that every file system takes: `fix-the-tests-sesn_….md`. */
export function transcriptFileName({ session, title }: Transcript, extension: string): string {
  const plain = (title ?? "")
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase()
    .slice(0, 60);
  return `${plain || "session"}-${session.id}.${extension}`;
}
