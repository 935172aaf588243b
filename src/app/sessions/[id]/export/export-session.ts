// Gives a conversation to the browser as a file, in one of three formats. Each format's code is loaded when it is asked for.
"use client";

import { saveText } from "../../../components/save-text.ts";
import { loadPart } from "../../../live/load-part.ts";
import { type Transcript, transcriptFileName } from "./transcript.ts";

export const exportFormats = {
  markdown: {
    label: "Markdown",
    extension: "md",
    type: "text/markdown",
    write: async (transcript: Transcript) => (await import("./to-markdown.ts")).toMarkdown(transcript),
  },
  html: {
    label: "HTML",
    extension: "html",
    type: "text/html",
    write: async (transcript: Transcript) => (await import("./to-html.tsx")).toHtml(transcript),
  },
  json: {
    label: "JSON",
    extension: "json",
    type: "application/json",
    write: async (transcript: Transcript) => (await import("./to-json.ts")).toJson(transcript),
  },
} as const;
export type ExportFormat = keyof typeof exportFormats;
export const exportFormatNames = Object.keys(exportFormats) as ExportFormat[];

export async function exportSession(transcript: Transcript, name: ExportFormat): Promise<void> {
  const { extension, type, write } = exportFormats[name];
  saveText(transcriptFileName(transcript, extension), await loadPart(() => write(transcript)), type);
}
