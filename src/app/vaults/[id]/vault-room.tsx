// One vault: what is in it, and putting something in.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { Name } from "../../components/name.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useMissing } from "../../components/use-missing.ts";
import { useBerth } from "../../providers.tsx";
import { credentialsQuery } from "../credentials-query.ts";
import { WhereValuesGo } from "../where-values-go.tsx";
import { CredentialForm } from "./credential-form.tsx";
import { CredentialRow } from "./credential-row.tsx";
import { VaultMenu } from "./vault-menu.tsx";

export function VaultRoom({ vaultId }: { vaultId: string }) {
  const berth = useBerth();
  const archived = useSearchParams().get("archived") === "1";
  const query = useQuery({
    queryKey: ["vault", vaultId],
    queryFn: ({ signal }) => berth.vaults.get(vaultId, signal),
  });
  const missing = useMissing(query);
  if (missing) {
    return (
      <EmptyState alone title="There is no such vault">
        <Link href="/vaults" className="text-accent underline">
          Back to all vaults
        </Link>
      </EmptyState>
    );
  }
  if (query.error && !query.data) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <ListSkeleton label="Loading the vault" />;
  const vault = query.data;
  const open = vault.archived_at === null;
  return (
    <>
      <PageHeader
        title={
          <span className="flex flex-wrap items-center gap-2 wrap-anywhere">
            <Name text={vault.display_name} />
            {!open && <span className="font-normal text-muted">archived</span>}
          </span>
        }
      >
        <VaultMenu vault={vault} />
      </PageHeader>
      <div className="grid max-w-3xl gap-6 p-4">
        {open ? (
          <WhereValuesGo />
        ) : (
          <p className="text-muted">This vault is archived: its values are gone, and it takes nothing more.</p>
        )}
        <CredentialList vaultId={vaultId} archived={archived || !open} open={open} />
        {open && (
          <Link
            href={archived ? `/vaults/${vaultId}` : `/vaults/${vaultId}?archived=1`}
            className="justify-self-start text-accent underline"
          >
            {archived ? "Hide archived credentials" : "Show archived credentials"}
          </Link>
        )}
        {open && <CredentialForm vaultId={vaultId} />}
      </div>
    </>
  );
}

function CredentialList({ vaultId, archived, open }: { vaultId: string; archived: boolean; open: boolean }) {
  const berth = useBerth();
  const query = useQuery(credentialsQuery(berth, { vaultId, archived }));
  if (query.error) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <ListSkeleton label="Loading credentials" />;
  if (query.data.length === 0)
    return <p className="text-muted">{open ? "Nothing is in this vault yet." : "Nothing was in this vault."}</p>;
  return (
    <ul aria-label="Credentials" className="rounded-md border border-line bg-panel">
      {query.data.map((credential) => (
        <CredentialRow key={credential.id} credential={credential} />
      ))}
    </ul>
  );
}
