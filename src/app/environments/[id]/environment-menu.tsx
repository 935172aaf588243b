// What else can be done with an environment: its id, archive, delete; each of the latter with a question first.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Environment } from "../../../contract/environments.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Archive, Copy, Ellipsis, Trash2 } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { useBerth } from "../../providers.tsx";

const questions = {
  archive: {
    title: "Archive this environment?",
    text: "No new sessions can be made in it; those that it has go on. This cannot be undone.",
    action: "Archive",
  },
  delete: {
    title: "Delete this environment?",
    text: "It is not shown any more, and no new sessions can be made in it; those that it has go on.",
    action: "Delete",
  },
};
type Question = keyof typeof questions;

export function EnvironmentMenu({ environment }: { environment: Environment }) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const { available, copy } = useCopy();
  const [asked, setAsked] = useState<Question | null>(null);
  const act = useMutation({
    mutationFn: async (what: Question) => {
      if (what === "delete") await berth.environments.delete(environment.id);
      else queries.setQueryData(["environment", environment.id], await berth.environments.archive(environment.id));
      return what;
    },
    onSuccess: (what) => {
      setAsked(null);
      void queries.invalidateQueries({ queryKey: ["environments"] });
      if (what === "delete") router.push("/environments");
    },
  });
  const close = () => {
    setAsked(null);
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
          <MenuItem onSelect={() => copy(environment.id)}>
            <Copy aria-hidden /> Copy id
          </MenuItem>
        )}
        {environment.archived_at === null && (
          <MenuItem disabled={environment.is_default} onSelect={() => setAsked("archive")}>
            <Archive aria-hidden /> Archive…
          </MenuItem>
        )}
        <MenuItem danger disabled={environment.is_default} onSelect={() => setAsked("delete")}>
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
