// Where files of a message go in the sandbox, and how the message says so. Pure.
import type { MessageBlock } from "../../../contract/content.ts";

export const WORKSPACE = "/workspace";
export const UPLOAD_DIRECTORY = `${WORKSPACE}/uploads`;
const MAX_NAME_LENGTH = 100;

/** A name that any shell and file system takes, and that shows what it is. */
export function safeFileName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}\p{M}._ -]/gu, "_")
    .replace(/^[.\s-]+/, "")
    .trim();
  if (plain === "") return "file";
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 ? plain.slice(dot).slice(0, 20) : "";
  return plain.slice(0, plain.length - (dot > 0 ? plain.length - dot : 0)).slice(0, MAX_NAME_LENGTH) + ending;
}

/** A path for each name that none of `taken` and none of the others has. */
export function choosePaths(names: readonly string[], taken: Iterable<string>): string[] {
  const used = new Set(taken);
  return names.map((name) => {
    const wanted = safeFileName(name);
    const dot = wanted.lastIndexOf(".");
    const [stem, ending] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
    let free = wanted;
    for (let count = 2; used.has(free); count++) free = `${stem}-${count}${ending}`;
    used.add(free);
    return `${UPLOAD_DIRECTORY}/${free}`;
  });
}

/** The message with a line for each file that lies in the sandbox. */
export function nameUploads(content: readonly MessageBlock[], paths: readonly string[]): MessageBlock[] {
  if (paths.length === 0) return [...content];
  const text = `Uploaded into the sandbox:\n${paths.join("\n")}`;
  return [...content, { type: "text", text }];
}
