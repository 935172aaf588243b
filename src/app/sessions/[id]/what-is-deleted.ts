// What goes with a session that is deleted, in words.
import type { SandboxStatus } from "../../../contract/files.ts";
import type { Session } from "../../../contract/sessions.ts";
import type { Snapshot } from "../../../contract/snapshots.ts";
import { formatBytes } from "../../components/format.ts";

export type Holdings = {
  status: Session["status"];
  sandbox: SandboxStatus["state"];
  /** Newest first; `more`: not all of them. */
  snapshots: { data: readonly Pick<Snapshot, "files" | "size_bytes">[]; more: boolean };
};

/** Pure. */
export function whatIsDeleted({ status, sandbox, snapshots }: Holdings): string[] {
  const { data, more } = snapshots;
  const newest = data[0];
  const told = ["The conversation"];
  if (status === "running") told.push("The agent's turn, which is under way: it ends");
  if (sandbox === "none" && !newest) told.push("No files: it has no sandbox");
  else if (newest)
    told.push(
      `Its files: ${counted(newest.files, "file")} of ${formatBytes(newest.size_bytes)} when they were last kept`,
    );
  else told.push("Its files, which no snapshot keeps yet");
  if (sandbox === "running") told.push("Its sandbox, which is awake: whatever runs in it ends");
  if (sandbox === "hibernated") told.push("Its sandbox, which sleeps: nothing runs in it");
  if (newest) told.push(`${more ? "More than " : ""}${counted(data.length, "snapshot")} of its files`);
  return told;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
