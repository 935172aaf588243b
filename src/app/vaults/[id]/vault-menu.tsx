// What else can be done with a vault: its id, a new name, archive, delete; each of the latter with a question first.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Vault } from "../../../contract/vaults.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Archive, Copy, Ellipsis, Pencil, Trash2 } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Input } from "../../components/ui/input.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { useBerth } from "../../providers.tsx";

const questions = {
  rename: { title: "Rename this vault", text: null, action: "Rename", keep: "Cancel" },
  archive: {
    title: "Archive this vault?",
    text: "The values in it are gone for good, in running sessions within seconds. Its credentials stay listed without them.",
    action: "Archive",
    keep: "Keep it",
  },
  delete: {
    title: "Delete this vault?",
    text: "It is gone with all credentials in it, in running sessions within seconds. This cannot be undone.",
    action: "Delete",
    keep: "Keep it",
  },
};
type Question = keyof typeof questions;

export function VaultMenu({ vault }: { vault: Vault }) {
  const { available, copy } = useCopy();
  const [asked, setAsked] = useState<Question | null>(null);
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
          <MenuItem onSelect={() => copy(vault.id)}>
            <Copy aria-hidden /> Copy id
          </MenuItem>
        )}
        {vault.archived_at === null && (
          <>
            <MenuItem onSelect={() => setAsked("rename")}>
              <Pencil aria-hidden /> Rename…
            </MenuItem>
            <MenuItem onSelect={() => setAsked("archive")}>
              <Archive aria-hidden /> Archive…
            </MenuItem>
          </>
        )}
        <MenuItem danger onSelect={() => setAsked("delete")}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <Dialog open={asked !== null} onClose={() => setAsked(null)} title={asked ? questions[asked].title : ""}>
        {asked && <VaultQuestion vault={vault} asked={asked} onClose={() => setAsked(null)} />}
      </Dialog>
    </>
  );
}

function VaultQuestion({ vault, asked, onClose }: { vault: Vault; asked: Question; onClose: () => void }) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const [name, setName] = useState(vault.display_name);
  const act = useMutation({
    mutationFn: async () => {
      if (asked === "delete") await berth.vaults.delete(vault.id);
      else if (asked === "archive") queries.setQueryData(["vault", vault.id], await berth.vaults.archive(vault.id));
      else
        queries.setQueryData(["vault", vault.id], await berth.vaults.update(vault.id, { display_name: name.trim() }));
    },
    onSuccess: () => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["vaults"] });
      // What is in a deleted vault is not asked for again: it is not there.
      if (asked === "delete") router.push("/vaults");
      else void queries.invalidateQueries({ queryKey: ["credentials", vault.id] });
    },
  });
  const { text, action, keep } = questions[asked];
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate();
      }}
    >
      {text === null ? (
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              maxLength={255}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      ) : (
        <p className="text-muted">{text}</p>
      )}
      {act.error && <FailureNote error={act.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{keep}</Button>
        <Button
          type="submit"
          look={asked === "rename" ? "primary" : "danger"}
          disabled={act.isPending || (asked === "rename" && name.trim() === "")}
        >
          {action}
        </Button>
      </div>
    </form>
  );
}
