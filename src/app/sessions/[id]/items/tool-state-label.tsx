// State of a tool call as an icon and a word, with the time it took.
"use client";

import { formatDuration } from "../../../../lib/format-duration.ts";
import { classNames } from "../../../components/class-names.ts";
import type { Icon } from "../../../components/icons/create-icon.tsx";
import { Ban, CircleCheck, CircleDashed, CircleX, Hand, LoaderCircle } from "../../../components/icons/icons.tsx";
import { useNow } from "../../../components/use-now.ts";
import type { ToolCallItem, ToolState } from "../session-view.ts";
import { callDurationMs, TOOL_STATE_WORDS } from "../tool-state-words.ts";

const looks: Record<ToolState, { icon: Icon; style: string }> = {
  asking: { icon: Hand, style: "text-waiting" },
  running: { icon: LoaderCircle, style: "text-running [&_svg]:motion-safe:animate-spin" },
  awaiting_result: { icon: Hand, style: "text-waiting" },
  done: { icon: CircleCheck, style: "text-good" },
  failed: { icon: CircleX, style: "text-danger" },
  denied: { icon: Ban, style: "text-muted" },
  unfinished: { icon: CircleDashed, style: "text-muted" },
};

export function ToolStateLabel({ item }: { item: ToolCallItem }) {
  const { icon: Icon, style } = looks[item.state];
  const elapsedMs = callDurationMs(item);
  return (
    <span className={classNames("flex shrink-0 items-center gap-1.5 text-[13px] tabular-nums", style)}>
      <Icon aria-hidden className="size-4" />
      {TOOL_STATE_WORDS[item.state]}
      {item.exitCode !== null && item.exitCode !== 0 && <span>· exit {item.exitCode}</span>}
      {item.state === "running" && item.startedAt && <RunningTime since={item.startedAt} />}
      {elapsedMs !== null && <span className="text-muted">· {formatDuration(elapsedMs)}</span>}
    </span>
  );
}

function RunningTime({ since }: { since: string }) {
  const elapsedMs = useNow(1_000) - Date.parse(since);
  return elapsedMs < 1_000 ? null : <span>{formatDuration(Math.floor(elapsedMs / 1_000) * 1_000)}</span>;
}
