// Why a credential can't be used, since when, and what to do about it; nothing while it can.
"use client";

import type { Credential } from "../../../contract/credentials.ts";
import { Name } from "../../components/name.tsx";
import { RelativeTime } from "../../components/relative-time.tsx";
import { Button } from "../../components/ui/button.tsx";
import { useNow } from "../../components/use-now.ts";
import { newValueOf, stateOf } from "./credential-draft.ts";

type CredentialStateProps = { credential: Credential; onNewTokens: () => void };

export function CredentialState({ credential, onNewTokens }: CredentialStateProps) {
  const state = stateOf(credential, useNow(10_000));
  if (state === null) return null;
  return (
    <div className="mt-1 grid justify-items-start gap-1.5">
      <p>
        <span className="text-danger">
          {state.what}
          {state.since !== null && (
            <>
              {" ("}
              <RelativeTime at={state.since} />
              {")"}
            </>
          )}
          {state.why === null ? (
            "."
          ) : (
            <>
              {": "}
              <Name text={state.why} />
            </>
          )}
        </span>{" "}
        {state.help}
      </p>
      {state.asksForTokens && (
        <Button size="small" onClick={onNewTokens}>
          {newValueOf(credential) === "tokens" ? "Put in new tokens…" : "Put in a new token…"}
        </Button>
      )}
    </div>
  );
}
