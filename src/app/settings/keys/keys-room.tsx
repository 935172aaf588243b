// API keys: make one, see who uses which, revoke.
"use client";

import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { KeyRow } from "./key-row.tsx";
import { NewKeyForm } from "./new-key-form.tsx";
import { useApiKeys } from "./use-api-keys.ts";

export function KeysRoom() {
  const keys = useApiKeys();
  const live = keys.data?.filter((key) => key.revoked_at === null) ?? [];
  const revoked = keys.data?.filter((key) => key.revoked_at !== null) ?? [];
  return (
    <>
      <PageHeader title="API keys" />
      <div className="grid max-w-3xl gap-6 p-4">
        <p className="text-muted">
          A key lets a program do everything that you can do here. Give each program its own, so that one can be revoked
          without the others.
        </p>
        <NewKeyForm />
        {keys.error && <FailureNote error={keys.error} onRetry={() => void keys.refetch()} />}
        {keys.isPending && <ListSkeleton label="Loading keys" />}
        {live.length > 0 && (
          <ul aria-label="Keys that work" className="rounded-md border border-line bg-panel">
            {live.map((key) => (
              <KeyRow key={key.id} apiKey={key} />
            ))}
          </ul>
        )}
        {revoked.length > 0 && (
          <details>
            <summary className="rounded text-muted">
              {revoked.length === 1 ? "One revoked key" : `${revoked.length} revoked keys`}
            </summary>
            <ul className="mt-2 rounded-md border border-line bg-panel">
              {revoked.map((key) => (
                <KeyRow key={key.id} apiKey={key} />
              ))}
            </ul>
          </details>
        )}
      </div>
    </>
  );
}
