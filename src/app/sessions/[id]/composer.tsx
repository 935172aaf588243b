// Where a person writes. Enter sends, Shift+Enter starts a new line.
"use client";

import { ArrowUp } from "lucide-react";
import { useState } from "react";
import type { SessionState } from "../../components/status-chip.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Textarea } from "../../components/ui/input.tsx";

const closedReasons: Partial<Record<SessionState, string>> = {
  archived: "This session is archived: it can be read, but not written to.",
  ended: "This session has ended. Start a new one to go on.",
};

const placeholders: Partial<Record<SessionState, string>> = {
  running: "Write a message; it is queued until the agent can read it",
  awaiting_result: "The agent waits for the result of a tool; a message is queued until then",
  waiting: "Allow or deny the call above, or write a message",
};

export function Composer({ state, onSend }: { state: SessionState; onSend: (text: string) => void }) {
  const [text, setText] = useState("");
  const closed = closedReasons[state];
  const sendable = text.trim() !== "" && closed === undefined;
  function send() {
    if (!sendable) return;
    onSend(text);
    setText("");
  }
  return (
    <form
      className="border-t border-line bg-panel py-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="mx-auto flex max-w-3xl items-end gap-2 px-4">
        <Textarea
          aria-label="Message"
          rows={1}
          className="max-h-60 min-h-9 resize-none disabled:opacity-100 max-md:min-h-[44px] max-md:py-2.5"
          disabled={closed !== undefined}
          placeholder={closed ?? placeholders[state] ?? "Write a message"}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            // Enter that ends the input of a composed character is not meant for us.
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <Button type="submit" look="primary" size="icon" className="md:size-9" disabled={!sendable} aria-label="Send">
          <ArrowUp aria-hidden />
        </Button>
      </div>
    </form>
  );
}
