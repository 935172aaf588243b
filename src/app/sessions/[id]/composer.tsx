// Where a person writes. Enter sends, Shift+Enter starts a new line; files can be pasted and dropped.
"use client";

import { useRef, useState } from "react";
import type { SessionState } from "../../../client/session-state.ts";
import type { MessageBlock } from "../../../contract/content.ts";
import { ArrowUp, Paperclip } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Textarea } from "../../components/ui/input.tsx";
import { AttachmentList } from "./attachment-list.tsx";
import type { SessionView } from "./session-view.ts";
import { parseSlash, type SlashCommand } from "./slash-command.ts";
import { SlashHints } from "./slash-hints.tsx";
import { useAttachments } from "./use-attachments.ts";
import type { useDraft } from "./use-draft.ts";
import { useRecall } from "./use-recall.ts";
import { useSlashHints } from "./use-slash-hints.ts";

const closedReasons: Partial<Record<SessionState, string>> = {
  archived: "This session is archived: it can be read, but not written to.",
  ended: "This session has ended. Start a new one to go on.",
};

const placeholders: Partial<Record<SessionState, string>> = {
  running: "Write a message; it is queued until the agent can read it",
  waiting_for_program: "The agent waits for the result of a tool; a message is queued until then",
  waiting_for_you: "Allow or deny the call above, or write a message",
};

type ComposerProps = {
  draft: ReturnType<typeof useDraft>;
  view: SessionView;
  state: SessionState;
  onSend: (content: MessageBlock[]) => void;
  onCommand: (command: SlashCommand) => void;
};

export function Composer({ draft: [text, setText], view, state, onSend, onCommand }: ComposerProps) {
  const { attachments, problem, add, remove, clear } = useAttachments();
  const { recalling, recall, stop } = useRecall(view);
  const [dropping, setDropping] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const closed = closedReasons[state];
  const hints = useSlashHints(text);
  const completion = hints[0]?.text ?? null;
  const sendable = (text.trim() !== "" || attachments.length > 0) && closed === undefined;
  function send() {
    if (!sendable) return;
    const command = attachments.length === 0 ? parseSlash(text) : null;
    if (command) onCommand(command);
    else {
      const words: MessageBlock[] = text.trim() === "" ? [] : [{ type: "text", text }];
      onSend([...attachments.map(({ block }) => block), ...words]);
    }
    setText("");
    clear();
    stop();
  }
  function take(files: FileList): boolean {
    if (files.length === 0 || closed !== undefined) return false;
    add([...files]);
    return true;
  }
  return (
    <form
      className={`border-t bg-panel py-3 ${dropping ? "border-accent bg-accent-soft" : "border-line"}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={(event) => {
        setDropping(false);
        if (take(event.dataTransfer.files)) event.preventDefault();
      }}
    >
      <AttachmentList attachments={attachments} onRemove={remove} />
      {problem !== null && (
        <p role="alert" className="mx-auto max-w-3xl px-4 pb-2 text-[13px] text-danger">
          {problem}
        </p>
      )}
      <SlashHints hints={hints} onChoose={setText} />
      <div className="mx-auto flex max-w-3xl items-end gap-2 px-4">
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            take(event.target.files ?? new DataTransfer().files);
            event.target.value = "";
          }}
        />
        <Button
          look="quiet"
          size="icon"
          className="md:size-9"
          disabled={closed !== undefined}
          aria-label="Attach files"
          title="Attach images and text files; they can be pasted and dropped too"
          onClick={() => chooser.current?.click()}
        >
          <Paperclip aria-hidden />
        </Button>
        <Textarea
          aria-label="Message"
          rows={1}
          className="max-h-60 min-h-9 resize-none disabled:opacity-100 max-md:min-h-[44px] max-md:py-2.5"
          disabled={closed !== undefined}
          placeholder={closed ?? placeholders[state] ?? "Write a message"}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            stop();
          }}
          onPaste={(event) => {
            if (take(event.clipboardData.files)) event.preventDefault();
          }}
          onKeyDown={(event) => {
            // A key that ends the input of a composed character is not meant for us.
            if (event.nativeEvent.isComposing) return;
            if (event.key === "Escape") event.currentTarget.blur();
            const up = event.key === "ArrowUp" && (text === "" || recalling);
            const recalled = up ? recall(1) : event.key === "ArrowDown" && recalling ? recall(-1) : null;
            if (recalled !== null) setText(recalled);
            else if (event.key === "Tab" && !event.shiftKey && completion !== null && completion !== text)
              setText(completion);
            else if (event.key === "Enter" && !event.shiftKey) send();
            else return;
            event.preventDefault();
          }}
        />
        <Button type="submit" look="primary" size="icon" className="md:size-9" disabled={!sendable} aria-label="Send">
          <ArrowUp aria-hidden />
        </Button>
      </div>
    </form>
  );
}
