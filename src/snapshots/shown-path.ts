// Paths of a tree as people, and the routes of files, know them.

/** Bytes as latin1 text, from `workspace` or `home` on, as a person knows it. */
export function shownPath(path: string): string {
  const text = Buffer.from(path, "latin1").toString("utf8");
  if (text === "") return "/";
  return text.replace(/^workspace(?=\/|$)/, "/workspace").replace(/^home(?=\/|$)/, "/home/agent");
}
