// A message that the agent has not read yet: it can be taken back, or taken back to be written anew.
"use client";

import { useMutation } from "@tanstack/react-query";
import { Clock, Pencil, X } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import type { UserMessageItem } from "../session-view.ts";
import { UserMessage } from "./user-message.tsx";

type QueuedMessageProps = { item: UserMessageItem; sessionId: string; onEdit: (text: string) => void };

export function QueuedMessage({ item, sessionId, onEdit }: QueuedMessageProps) {
  const berth = useBerth();
  const texts = item.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  // Files cannot be put back where they came from.
  const editable = texts.length === item.content.length;
  const withdraw = useMutation({
    mutationFn: async (edit: boolean) => {
      await berth.events.withdraw(sessionId, item.id);
      if (edit) onEdit(texts.join("\n"));
    },
  });
  const disabled = withdraw.isPending || withdraw.isSuccess;
  return (
    <div className="grid gap-1">
      <UserMessage item={item} />
      <div className="flex flex-wrap items-center justify-end gap-1 text-[13px] text-muted">
        <span className="mr-1 flex items-center gap-1">
          <Clock aria-hidden className="size-3.5" /> Queued
        </span>
        {editable && (
          <Button size="small" look="quiet" disabled={disabled} onClick={() => withdraw.mutate(true)}>
            <Pencil aria-hidden /> Edit
          </Button>
        )}
        <Button size="small" look="quiet" disabled={disabled} onClick={() => withdraw.mutate(false)}>
          <X aria-hidden /> Withdraw
        </Button>
      </div>
      {withdraw.error && (
        <p role="alert" className="text-right text-[13px] text-danger">
          {withdraw.error.message}
        </p>
      )}
    </div>
  );
}
