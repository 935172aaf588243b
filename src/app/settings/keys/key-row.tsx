// One API key: its name, its use, and how it is revoked.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey } from "../../../contract/api-keys.ts";
import { OPERATOR_KEY } from "../../../contract/operator-key.ts";
import { visibleName } from "../../../lib/visible-text.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Name } from "../../components/name.tsx";
import { RelativeTime } from "../../components/relative-time.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { useBerth } from "../../providers.tsx";

export function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const live = apiKey.revoked_at === null;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line px-3 py-2 not-last:border-b">
      <span className="min-w-0 basis-48 wrap-anywhere">
        <span className={live ? "font-medium" : "text-muted line-through"}>
          <Name text={apiKey.name} />
        </span>
        {apiKey.name === OPERATOR_KEY && live && (
          <span className="block text-muted">the server's own, from its settings</span>
        )}
      </span>
      <span className="text-muted">
        made <RelativeTime at={apiKey.created_at} />
      </span>
      <span className="text-muted">
        {apiKey.last_used_at ? (
          <>
            used <RelativeTime at={apiKey.last_used_at} />
          </>
        ) : (
          "never used"
        )}
      </span>
      <span className="ml-auto text-muted">
        {apiKey.revoked_at ? (
          <>
            revoked <RelativeTime at={apiKey.revoked_at} />
          </>
        ) : (
          apiKey.name !== OPERATOR_KEY && <RevokeButton apiKey={apiKey} />
        )}
      </span>
    </li>
  );
}

function RevokeButton({ apiKey }: { apiKey: ApiKey }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const revoke = useMutation({
    mutationFn: () => berth.apiKeys.revoke(apiKey.id),
    onSuccess: async () => {
      setAsked(false);
      await queries.invalidateQueries({ queryKey: ["api-keys"] });
    },
  });
  return (
    <>
      <Button
        size="small"
        look="quiet"
        aria-label={`Revoke ${visibleName(apiKey.name)}…`}
        onClick={() => setAsked(true)}
      >
        Revoke…
      </Button>
      <Dialog open={asked} onClose={() => setAsked(false)} title={`Revoke ${visibleName(apiKey.name)}?`}>
        <div className="grid gap-4 text-text">
          <p className="text-muted">Programs that use it are refused within 5 seconds. This cannot be undone.</p>
          {revoke.error && <FailureNote error={revoke.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={() => setAsked(false)}>Keep it</Button>
            <Button look="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
              Revoke
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
