// Answers a custom tool by hand, for trying an agent before the program that runs the tool exists.
"use client";

import { useMutation } from "@tanstack/react-query";
import { visibleName } from "../../../../lib/visible-text.ts";
import { Button } from "../../../components/ui/button.tsx";
import { Textarea } from "../../../components/ui/input.tsx";
import { useBerth } from "../../../providers.tsx";
import type { ToolCallItem } from "../session-view.ts";
import { useKept } from "../use-kept.ts";

export function CustomResultForm({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const berth = useBerth();
  const [text, setText] = useKept("result", "");
  const answer = useMutation({
    mutationFn: (isError: boolean) =>
      berth.events.send(sessionId, [
        {
          type: "user.custom_tool_result",
          custom_tool_use_id: item.id,
          content: text === "" ? [] : [{ type: "text", text }],
          is_error: isError,
        },
      ]),
  });
  // After an answer the form stays closed until the stream brings what became of it.
  const answered = answer.isPending || answer.isSuccess;
  return (
    <form
      className="grid gap-2 border-t border-line bg-waiting-soft px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        answer.mutate(false);
      }}
    >
      <p className="font-medium">Your program answers this call. You can answer in its place:</p>
      <Textarea
        aria-label={`Result of ${visibleName(item.name)}`}
        className="max-h-60 font-mono text-[13px]"
        rows={2}
        disabled={answered}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="flex gap-2">
        <Button type="submit" look="primary" disabled={answered}>
          Send result
        </Button>
        <Button disabled={answered} onClick={() => answer.mutate(true)}>
          Send as error
        </Button>
      </div>
      {answer.error && (
        <p role="alert" className="text-danger">
          {answer.error.message}
        </p>
      )}
    </form>
  );
}
