// How a file is shown, by its name and its first bytes. Pure.

export type FileKind = "image" | "csv" | "text" | "pdf" | "binary";

const IMAGES = new Set(["png", "jpg", "jpeg", "gif", "webp"]);
const LANGUAGES: Readonly<Record<string, string>> = {
  c: "c",
  cpp: "cpp",
  css: "css",
  diff: "diff",
  go: "go",
  h: "c",
  html: "html",
  java: "java",
  js: "javascript",
  json: "json",
  jsx: "jsx",
  md: "markdown",
  py: "python",
  rs: "rust",
  sh: "bash",
  sql: "sql",
  ts: "typescript",
  tsx: "tsx",
  yaml: "yaml",
  yml: "yaml",
};

function extensionOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

export function isPdf(name: string): boolean {
  return extensionOf(name) === "pdf";
}

/** `sample`: the beginning of the file. Binary is what has a NUL byte, as git and grep see it; but for UTF-16 with its mark. */
export function fileKind(name: string, sample: Uint8Array): FileKind {
  const extension = extensionOf(name);
  if (IMAGES.has(extension)) return "image";
  if (isPdf(name)) return "pdf";
  const isUtf16 = (sample[0] === 0xff && sample[1] === 0xfe) || (sample[0] === 0xfe && sample[1] === 0xff);
  if (!isUtf16 && sample.subarray(0, 8_000).includes(0)) return "binary";
  return extension === "csv" || extension === "tsv" ? "csv" : "text";
}

/** The name that the highlighter knows; empty for plain text. */
export function languageOf(name: string): string {
  return LANGUAGES[extensionOf(name)] ?? "";
}
