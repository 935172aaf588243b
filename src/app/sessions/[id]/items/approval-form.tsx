// Allow or deny a call, once or from now on; a denial may have a reason that the agent reads.
"use client";

import { use, useRef } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { Ban, Check, CheckCheck } from "../../../components/icons/icons.tsx";
import { KeyHint } from "../../../components/key-hint.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Input } from "../../../components/ui/input.tsx";
import { useShortcuts } from "../../../components/use-shortcuts.ts";
import { FirstAsking } from "../first-asking.ts";
import type { ToolCallItem } from "../session-view.ts";
import { useDecision } from "../use-decision.ts";
import { useKept } from "../use-kept.ts";

export function ApprovalForm({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const [reason, setReason] = useKept("reason", "");
  const form = useRef<HTMLFormElement>(null);
  const reasonField = useRef<HTMLInputElement>(null);
  const { decide, decided, error } = useDecision({ item, sessionId });
  const hasKeys = use(FirstAsking) === item.id;
  /** Nobody decides by a key about what is not on the screen: the first press shows it. */
  const inView = (act: () => void) => () => {
    const box = form.current?.getBoundingClientRect();
    if (!box || decided) return;
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
    if (seen && form.current?.contains(seen)) act();
    else form.current?.scrollIntoView({ block: "center" });
  };
  const deny = () => decide({ result: "deny", reason: reason.trim() });
  useShortcuts(
    {
      a: inView(() => decide({ result: "allow" })),
      d: inView(deny),
      r: inView(() => reasonField.current?.focus()),
    },
    hasKeys && !decided,
  );
  return (
    <form
      ref={form}
      className="flex flex-wrap items-center gap-2 rounded-b-md border-t border-waiting bg-waiting-soft px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        // Enter in the reason's field, the only one there is.
        if (!decided) deny();
      }}
    >
      <p className="basis-full font-medium">Allow this call?</p>
      <Button
        look="primary"
        disabled={decided}
        aria-keyshortcuts={hasKeys ? "A" : undefined}
        onClick={() => decide({ result: "allow" })}
      >
        <Check aria-hidden /> Allow {hasKeys && <KeyHint>A</KeyHint>}
      </Button>
      <Button look="danger" disabled={decided} aria-keyshortcuts={hasKeys ? "D" : undefined} onClick={deny}>
        <Ban aria-hidden /> Deny {hasKeys && <KeyHint>D</KeyHint>}
      </Button>
      <Input
        ref={reasonField}
        aria-label="Reason for a denial"
        aria-keyshortcuts={hasKeys ? "R" : undefined}
        placeholder="Reason, if you deny (the agent reads it)"
        className="min-w-40 grow basis-64 w-auto max-md:basis-full"
        disabled={decided}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {item.owner === "agent" && (
        // The name may be as long as an MCP server likes: it breaks instead of leaving the screen.
        <Button
          look="quiet"
          className="h-auto min-h-8 max-w-full shrink text-left whitespace-normal max-md:h-auto max-md:min-h-[44px]"
          disabled={decided}
          onClick={() => decide({ result: "allow", always: true })}
        >
          <CheckCheck aria-hidden />
          <span className="min-w-0 wrap-anywhere">Always allow {visibleExactly(item.name)} in this session</span>
        </Button>
      )}
      {error && (
        <p role="alert" className="basis-full text-danger">
          {error.message}
        </p>
      )}
    </form>
  );
}
