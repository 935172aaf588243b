// Where a person writes. Enter sends, Shift+Enter starts a new line; files can be pasted here and dropped on the page.
"use client";

import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { SessionState } from "../../../client/session-state.ts";
import type { MessageBlock } from "../../../contract/content.ts";
import { ArrowUp, Paperclip } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Textarea } from "../../components/ui/input.tsx";
import { AttachmentList } from "./attachment-list.tsx";
import { COMPOSER_ID } from "./composer-id.ts";
import { ComposerNotes } from "./composer-notes.tsx";
import type { Upload } from "./outbox-store.ts";
import type { SessionView } from "./session-view.ts";
import { parseSlash, type SlashCommand } from "./slash-command.ts";
import { SlashHints } from "./slash-hints.tsx";
import type { Attachments } from "./use-attachments.ts";
import type { useDraft } from "./use-draft.ts";
import { useRecall } from "./use-recall.ts";
import { useSlashHints } from "./use-slash-hints.ts";

export const closedReasons: Partial<Record<SessionState, string>> = {
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
  files: Attachments;
  view: SessionView;
  state: SessionState;
  onSend: (content: MessageBlock[], uploads: Omit<Upload, "path">[]) => void;
  /** Resolves with whether it was done. */
  onCommand: (command: SlashCommand) => Promise<boolean>;
};

export function Composer({ draft: [text, setText], files, view, state, onSend, onCommand }: ComposerProps) {
  const { attachments, reading } = files;
  const { recalling, recall, stop } = useRecall(view);
  /** Enter was pressed while a file was being read: it is sent when that is done, unless something is changed before. */
  const [armed, setArmed] = useState(false);
  const [acting, setActing] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const closed = closedReasons[state];
  const hints = useSlashHints(text);
  const completion = hints[0]?.text ?? null;
  const filled = text.trim() !== "" || attachments.length > 0 || reading.length > 0;
  const sendable = filled && closed === undefined && !acting;

  async function act(command: SlashCommand): Promise<void> {
    setActing(true);
    // What failed stays, to be mended.
    if (await onCommand(command)) setText("");
    setActing(false);
  }
  function send(): void {
    if (!sendable) return;
    setArmed(reading.length > 0);
    if (reading.length > 0) return;
    stop();
    const command = attachments.length === 0 ? parseSlash(text) : null;
    if (command) return void act(command);
    const blocks = attachments.flatMap((each) => (each.kind === "block" ? [each.block] : []));
    const uploads = attachments.flatMap((each) =>
      each.kind === "upload" ? [{ name: each.name, file: each.file }] : [],
    );
    onSend([...blocks, ...(text.trim() === "" ? [] : [{ type: "text" as const, text }])], uploads);
    setText("");
    files.clear();
  }
  const sendWhenRead = useEffectEvent(() => {
    // A file that could not be read is told; the rest is not sent without it.
    if (files.problem === null) send();
    else setArmed(false);
  });
  useEffect(() => {
    if (armed && reading.length === 0) sendWhenRead();
  }, [armed, reading]);
  function take(list: FileList | null): boolean {
    if (!list || list.length === 0 || closed !== undefined) return false;
    files.add([...list]);
    return true;
  }
  return (
    <form
      className="border-t border-line bg-panel py-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <AttachmentList attachments={attachments} onRemove={files.remove} />
      <ComposerNotes files={files} armed={armed} />
      <SlashHints hints={hints} onChoose={setText} />
      <div className="mx-auto flex max-w-3xl items-end gap-2 px-4">
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            take(event.target.files);
            event.target.value = "";
          }}
        />
        <Button
          look="quiet"
          size="icon"
          className="md:size-9"
          disabled={closed !== undefined}
          aria-label="Attach files"
          title="Attach files; they can be pasted, and dropped anywhere on the page"
          onClick={() => chooser.current?.click()}
        >
          <Paperclip aria-hidden />
        </Button>
        <Textarea
          id={COMPOSER_ID}
          aria-label="Message"
          rows={1}
          dir="auto"
          className="max-h-60 min-h-9 resize-none disabled:opacity-100 max-md:min-h-[44px] max-md:py-2.5"
          disabled={closed !== undefined}
          readOnly={acting}
          placeholder={closed ?? placeholders[state] ?? "Write a message"}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setArmed(false);
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
