// What else can be done with a session: write to it from a shell, keep it as a file or on paper, archive it, delete it.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { Session } from "../../../contract/sessions.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import {
  Archive,
  Copy,
  Download,
  Ellipsis,
  GitBranch,
  Printer,
  Terminal,
  Trash2,
} from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { useBerth } from "../../providers.tsx";
import { DeletionList } from "./deletion-list.tsx";
import { type ExportFormat, exportFormatNames, exportFormats, exportSession } from "./export/export-session.ts";
import { printTranscript } from "./export/print-transcript.tsx";
import type { Transcript } from "./export/transcript.ts";
import { sessionCurl } from "./session-curl.ts";

const questions = {
  archive: {
    title: "Archive this session?",
    text: "It can be read, but nobody can write to it any more. This cannot be undone.",
    action: "Archive",
  },
  delete: {
    title: "Delete this session?",
    text: "This is gone for good:",
    action: "Delete",
  },
};

export type SessionQuestion = keyof typeof questions;

/** `asked` is the question that is open: also a typed command may ask it. */
export type Asking = { asked: SessionQuestion | null; ask: (question: SessionQuestion | null) => void };

type SessionMenuProps = { session: Session; write: () => Transcript } & Asking;

export function SessionMenu({ session, write, asked, ask }: SessionMenuProps) {
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
  const fork = useMutation({
    mutationFn: () => berth.sessions.fork(session.id),
    onSuccess: ({ id }) => router.push(`/sessions/${id}`),
  });
  const keep = useMutation({
    mutationFn: (where: ExportFormat | "paper") =>
      where === "paper" ? printTranscript() : exportSession(write(), where),
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
        {available && session.archived_at === null && (
          <MenuItem onSelect={() => copy(sessionCurl(window.location.origin, session.id))}>
            <Terminal aria-hidden /> Copy as curl
          </MenuItem>
        )}
        <MenuItem onSelect={() => fork.mutate()}>
          <GitBranch aria-hidden /> Fork
        </MenuItem>
        {exportFormatNames.map((name) => (
          <MenuItem key={name} onSelect={() => keep.mutate(name)}>
            <Download aria-hidden /> Export as {exportFormats[name].label}
          </MenuItem>
        ))}
        <MenuItem onSelect={() => keep.mutate("paper")}>
          <Printer aria-hidden /> Print…
        </MenuItem>
        {session.archived_at === null && (
          <MenuItem onSelect={() => ask("archive")}>
            <Archive aria-hidden /> Archive…
          </MenuItem>
        )}
        <MenuItem danger onSelect={() => ask("delete")}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <Dialog open={keep.error !== null} onClose={keep.reset} title="The session could not be written down">
        <FailureNote error={keep.error} />
      </Dialog>
      <Dialog open={fork.error !== null} onClose={fork.reset} title="The session could not be forked">
        <FailureNote error={fork.error} />
      </Dialog>
      <Dialog open={asked !== null} onClose={close} busy={act.isPending} title={asked ? questions[asked].title : ""}>
        {asked && (
          <div className="grid gap-4">
            <p className="text-muted">{questions[asked].text}</p>
            {asked === "delete" && <DeletionList session={session} />}
            {act.error && <FailureNote error={act.error} />}
            <div className="flex justify-end gap-2">
              <Button disabled={act.isPending} onClick={close}>
                Keep it
              </Button>
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
