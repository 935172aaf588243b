// Why a credential can't be used, since when, and what to do about it; nothing while it can.
"use client";

import type { Credential } from "../../../contract/credentials.ts";
import { Name } from "../../components/name.tsx";
import { RelativeTime } from "../../components/relative-time.tsx";
import { useNow } from "../../components/use-now.ts";
import { stateOf } from "./credential-draft.ts";

export function CredentialState({ credential }: { credential: Credential }) {
  const state = stateOf(credential, useNow(10_000));
  if (state === null) return null;
  return (
    <span className="block">
      <span className="text-danger">
        {state.what}
        {state.since !== null && (
          <>
            {" ("}
            <RelativeTime at={state.since} />
            {")"}
          </>
        )}
        {state.why !== null && (
          <>
            {": "}
            <Name text={state.why} />
          </>
        )}
      </span>{" "}
      {state.help}
    </span>
  );
}
