// What a tool call does, in one line.

/** The input that says most, for tools that are known; else all of it. */
const tellingInput: Record<string, string> = {
  bash: "command",
  read: "file_path",
  write: "file_path",
  edit: "file_path",
  glob: "pattern",
  grep: "pattern",
  web_fetch: "url",
  web_search: "query",
};

const MAX_LENGTH = 200;

export function summarizeCall(name: string, input: Record<string, unknown>): string {
  const telling = input[tellingInput[name] ?? ""];
  if (name === "bash" && input.restart === true && typeof telling !== "string") return "restart the shell";
  const text = typeof telling === "string" ? telling : Object.keys(input).length === 0 ? "" : JSON.stringify(input);
  const line = text.trim().split("\n").join(" ⏎ ");
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}
