// State of a tool call as an icon and a word, with the time it took.
"use client";

import { classNames } from "../../../components/class-names.ts";
import { formatDuration } from "../../../components/format.ts";
import type { Icon } from "../../../components/icons/create-icon.tsx";
import { Ban, CircleCheck, CircleDashed, CircleX, Hand, LoaderCircle } from "../../../components/icons/icons.tsx";
import { useNow } from "../../../components/use-now.ts";
import { exitCode } from "../exit-code.ts";
import type { ToolCallItem, ToolState } from "../session-view.ts";

const looks: Record<ToolState, { word: string; icon: Icon; style: string }> = {
  asking: { word: "asks you", icon: Hand, style: "text-waiting" },
  running: { word: "running", icon: LoaderCircle, style: "text-running [&_svg]:motion-safe:animate-spin" },
  awaiting_result: { word: "waits for a result", icon: Hand, style: "text-waiting" },
  done: { word: "done", icon: CircleCheck, style: "text-good" },
  failed: { word: "failed", icon: CircleX, style: "text-danger" },
  denied: { word: "denied", icon: Ban, style: "text-muted" },
  unfinished: { word: "not finished", icon: CircleDashed, style: "text-muted" },
};

export function ToolStateLabel({ item }: { item: ToolCallItem }) {
  const { word, icon: Icon, style } = looks[item.state];
  const code = exitCode(item);
  return (
    <span className={classNames("flex shrink-0 items-center gap-1.5 text-[13px] tabular-nums", style)}>
      <Icon aria-hidden className="size-4" />
      {word}
      {code !== null && <span>exit {code}</span>}
      {item.state === "running" && item.startedAt && <RunningTime since={item.startedAt} />}
      {item.startedAt && item.endedAt && item.state !== "denied" && (
        <span className="text-muted">{formatDuration(Date.parse(item.endedAt) - Date.parse(item.startedAt))}</span>
      )}
    </span>
  );
}

function RunningTime({ since }: { since: string }) {
  const elapsedMs = useNow(1_000) - Date.parse(since);
  return elapsedMs < 1_000 ? null : <span>{formatDuration(Math.floor(elapsedMs / 1_000) * 1_000)}</span>;
}
