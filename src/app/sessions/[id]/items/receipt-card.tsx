// The receipt of a restore: from which snapshot the sandbox's files came back, what was checked, and what is missing.
"use client";

import { restoredTitle } from "../../../../client/restored-words.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { formatBytes } from "../../../components/format.ts";
import { History } from "../../../components/icons/icons.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { Fact } from "../panel/fact.tsx";
import type { ReceiptItem } from "../session-view.ts";
import { useKept } from "../use-kept.ts";

export function ReceiptCard({ item: { id, receipt } }: { item: ReceiptItem }) {
  return (
    <article
      data-event={id}
      aria-label="Files restored"
      className="grid gap-2 rounded-md border border-line bg-panel p-3"
    >
      <p className="flex items-center gap-2 font-medium">
        <History aria-hidden className="size-4 shrink-0 text-muted" /> {restoredTitle(receipt)}
      </p>
      {receipt.snapshot_id !== null && receipt.taken_at !== null && (
        <ReceiptFacts receipt={receipt} snapshotId={receipt.snapshot_id} takenAt={receipt.taken_at} />
      )}
      <Missing name="refused" label="Could not be brought back" list={receipt.refused} count={receipt.refused_count} />
      <Missing name="left-out" label="Not in the snapshot" list={receipt.left_out} count={receipt.left_out_count} />
    </article>
  );
}

type FactsProps = { receipt: ReceiptItem["receipt"]; snapshotId: string; takenAt: string };

function ReceiptFacts({ receipt, snapshotId, takenAt }: FactsProps) {
  const files = (count: number) => `${count.toLocaleString()} ${count === 1 ? "file" : "files"}`;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-[13px]">
      <Fact name="As of">
        <RelativeTime at={takenAt} />
        {receipt.reason === "lost" && " (what was changed later is lost)"}
        {receipt.exact === false && " (what the tools just before that message changed may be missing)"}
      </Fact>
      <Fact name="Snapshot">
        <span className="font-mono">{visibleExactly(snapshotId)}</span>
      </Fact>
      <Fact name="Restored">
        {files(receipt.files)}, {formatBytes(receipt.total_bytes)}
      </Fact>
      <Fact name="Checked">
        {receipt.checked_files === 0 ? "none" : `${files(receipt.checked_files)}, content compared with its hash`}
      </Fact>
      {receipt.changed_count > 0 && (
        <Fact name="Unsure">{files(receipt.changed_count)}, being written while the snapshot was taken</Fact>
      )}
    </dl>
  );
}

type MissingProps = { name: string; label: string; list: readonly { path: string; why: string }[]; count: number };

/** Draws nothing when nothing is missing. */
function Missing({ name, label, list, count }: MissingProps) {
  const [open, setOpen] = useKept(name, false);
  if (count === 0) return null;
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)} className="text-[13px]">
      <summary className="cursor-pointer rounded text-waiting max-md:py-3">
        {label}: {count.toLocaleString()}
      </summary>
      <ul className="mt-1 grid max-h-60 gap-1 overflow-y-auto">
        {list.map(({ path, why }) => (
          <li key={path} className="wrap-anywhere">
            <span className="font-mono">{visibleExactly(path)}</span>{" "}
            <span className="text-muted">{visibleExactly(why)}</span>
          </li>
        ))}
        {count > list.length && <li className="text-muted">and {(count - list.length).toLocaleString()} more</li>}
      </ul>
    </details>
  );
}
