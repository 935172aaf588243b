// The exit code of a shell command, where its result tells it.
import type { ToolCallItem } from "./session-view.ts";

/** A failed command without output is answered with its exit code alone; other results do not have it. */
export function exitCode({ name, state, result }: ToolCallItem): number | null {
  if (name !== "bash" || state !== "failed") return null;
  const [block] = result ?? [];
  const found = block?.type === "text" ? /^exit (\d{1,3})$/.exec(block.text) : null;
  return found ? Number(found[1]) : null;
}
