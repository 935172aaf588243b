// Archive and delete, each with a question first; and the id.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { Session } from "../../../contract/sessions.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Archive, Copy, Ellipsis, Trash2 } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { useBerth } from "../../providers.tsx";

const questions = {
  archive: {
    title: "Archive this session?",
    text: "It can be read, but nobody can write to it any more. This cannot be undone.",
    action: "Archive",
  },
  delete: {
    title: "Delete this session?",
    text: "Its conversation and its files are gone for good.",
    action: "Delete",
  },
};

export type SessionQuestion = keyof typeof questions;

/** `asked` is the question that is open: also a typed command may ask it. */
export type Asking = { asked: SessionQuestion | null; ask: (question: SessionQuestion | null) => void };

export function SessionMenu({ session, asked, ask }: { session: Session } & Asking) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const { available, copy } = useCopy();
  const act = useMutation({
    mutationFn: async (what: SessionQuestion) => {
      if (what === "delete") await berth.sessions.delete(session.id);
      else queries.setQueryData(["session", session.id], await berth.sessions.archive(session.id));
      return what;
    },
    onSuccess: (what) => {
      ask(null);
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      if (what === "delete") router.push("/");
    },
  });
  const close = () => {
    ask(null);
    act.reset();
  };
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label="More actions">
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {available && (
          <MenuItem onSelect={() => copy(session.id)}>
            <Copy aria-hidden /> Copy id
          </MenuItem>
        )}
        {session.archived_at === null && (
          <MenuItem onSelect={() => ask("archive")}>
            <Archive aria-hidden /> Archive…
          </MenuItem>
        )}
        <MenuItem danger onSelect={() => ask("delete")}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <Dialog open={asked !== null} onClose={close} title={asked ? questions[asked].title : ""}>
        {asked && (
          <div className="grid gap-4">
            <p className="text-muted">{questions[asked].text}</p>
            {act.error && <FailureNote error={act.error} />}
            <div className="flex justify-end gap-2">
              <Button onClick={close}>Keep it</Button>
              <Button look="danger" disabled={act.isPending} onClick={() => act.mutate(asked)}>
                {questions[asked].action}
              </Button>
            </div>
          </div>
        )}
      </Dialog>
    </>
  );
}
