// Asks before the session goes back to an earlier message, or a new one goes on from there; then does it.
"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useRef } from "react";
import { FailureNote } from "../../components/failure-note.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { useBerth } from "../../providers.tsx";
import { COMPOSER_ID } from "./composer-id.ts";
import type { EarlierQuestion } from "./timeline-actions.ts";
import { keepDraft } from "./use-draft.ts";

const questions = {
  rewind: {
    title: "Rewind to here?",
    text: "This message and everything after it are taken back: the agent goes on as if they had never been said. Files go back to what they were then, as far as they were kept, and the session's log keeps what was taken back.",
    after: "The message's text is put into the composer, to be changed and sent again.",
    action: "Rewind",
  },
  fork: {
    title: "Fork from here?",
    text: "A new session begins with a copy of the conversation before this message. It gets the files of that time, as far as they were kept, in a sandbox of its own. This session stays as it is.",
    after: "The message's text is put into the new session's composer, to be changed and sent.",
    action: "Fork",
  },
};

type EarlierMessageDialogProps = {
  sessionId: string;
  /** Null while nothing is asked. */
  question: EarlierQuestion | null;
  onClose: () => void;
  /** The text of a message that was taken back. */
  onEdit: (text: string) => void;
};

export function EarlierMessageDialog({ sessionId, question, onClose, onEdit }: EarlierMessageDialogProps) {
  const berth = useBerth();
  const router = useRouter();
  const rewound = useRef(false);
  const act = useMutation({
    mutationFn: async ({ what, message: { id, content } }: EarlierQuestion) => {
      const texts = content.flatMap((block) => (block.type === "text" ? [block.text] : []));
      const text = texts.join("\n");
      if (what === "rewind") {
        await berth.sessions.rewind(sessionId, { event_id: id });
        rewound.current = true;
        if (text !== "") onEdit(text);
      } else {
        const fork = await berth.sessions.fork(sessionId, { event_id: id });
        keepDraft(fork.id, text);
        router.push(`/sessions/${fork.id}`);
      }
    },
    onSuccess: onClose,
  });
  function close(): void {
    onClose();
    act.reset();
    // The button that asked went with its message: who wrote by keyboard goes on where the text is.
    if (rewound.current) document.getElementById(COMPOSER_ID)?.focus();
    rewound.current = false;
  }
  const words = question && questions[question.what];
  return (
    <Dialog open={question !== null} onClose={close} busy={act.isPending} title={words?.title ?? ""}>
      {question && words && (
        <div className="grid gap-4">
          <p className="text-muted">{words.text}</p>
          <p className="text-muted">
            {words.after}
            {question.message.content.some(({ type }) => type !== "text") && " Its files have to be added again."}
          </p>
          {act.error && <FailureNote error={act.error} />}
          <div className="flex justify-end gap-2">
            <Button disabled={act.isPending} onClick={close}>
              Cancel
            </Button>
            <Button look="primary" disabled={act.isPending} onClick={() => act.mutate(question)}>
              {words.action}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
