// Vaults of the team, and making one.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useRef, useState } from "react";
import type { Vault } from "../../contract/vaults.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { Archive } from "../components/icons/icons.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { Button } from "../components/ui/button.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { useRowKeys } from "../components/use-row-keys.ts";
import { useBerth } from "../providers.tsx";
import { useVaults } from "./use-vaults.ts";
import { WhereValuesGo } from "./where-values-go.tsx";

export function VaultsRoom() {
  const archived = useSearchParams().get("archived") === "1";
  const query = useVaults({ archived });
  const rows = useRef<HTMLUListElement>(null);
  useRowKeys(rows);
  return (
    <>
      <PageHeader title="Vaults">
        <Button asChild look="quiet">
          <Link href={archived ? "/vaults" : "/vaults?archived=1"}>
            <Archive aria-hidden /> {archived ? "Hide archived" : "Show archived"}
          </Link>
        </Button>
      </PageHeader>
      <div className="grid gap-4 border-b border-line p-4">
        <WhereValuesGo />
        <NewVaultForm />
      </div>
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading vaults" />}
      {query.data?.length === 0 && (
        <EmptyState title="No vaults">
          <p>
            A vault holds credentials: tokens, passwords, keys. A session is given vaults when it starts. Name one above
            to make the first.
          </p>
        </EmptyState>
      )}
      <ul ref={rows}>
        {query.data?.map((vault) => (
          <VaultRow key={vault.id} vault={vault} />
        ))}
      </ul>
    </>
  );
}

function NewVaultForm() {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: () => berth.vaults.create({ display_name: name.trim() }),
    onSuccess: (vault) => {
      queries.setQueryData(["vault", vault.id], vault);
      void queries.invalidateQueries({ queryKey: ["vaults"] });
      router.push(`/vaults/${vault.id}`);
    },
  });
  return (
    <form
      aria-label="New vault"
      className="flex max-w-3xl flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") create.mutate();
      }}
    >
      <div className="min-w-0 flex-1 basis-60">
        <Field label="Name of a new vault">
          {(control) => (
            <Input
              {...control}
              maxLength={255}
              autoComplete="off"
              value={name}
              placeholder="Production"
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      </div>
      <Button type="submit" look="primary" disabled={create.isPending || create.isSuccess || name.trim() === ""}>
        Create vault
      </Button>
      {create.error && (
        <div className="basis-full">
          <FailureNote error={create.error} />
        </div>
      )}
    </form>
  );
}

function VaultRow({ vault }: { vault: Vault }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 hover:bg-sunken">
      <Link
        data-row
        href={`/vaults/${vault.id}`}
        className="min-w-0 truncate font-medium before:absolute before:inset-0"
      >
        <Name text={vault.display_name} />
      </Link>
      {vault.archived_at !== null && <span className="text-muted">archived</span>}
      <span className="relative ml-auto flex items-center gap-1 font-mono text-xs text-muted">
        {vault.id} <CopyButton text={vault.id} label="Copy the vault's id" />
      </span>
      <span className="text-muted">
        <RelativeTime at={vault.created_at} />
      </span>
    </li>
  );
}
