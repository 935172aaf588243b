// Tells before a session is made which credentials of its vaults it could not use, since its environment allows none of their hosts.
"use client";

import { useQueries } from "@tanstack/react-query";
import Link from "next/link";
import type { Environment } from "../../../contract/environments.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Name } from "../../components/name.tsx";
import { useBerth } from "../../providers.tsx";
import { titleOf } from "../../vaults/[id]/credential-draft.ts";
import { credentialsQuery } from "../../vaults/credentials-query.ts";
import { outOfReach } from "./credential-reach.ts";

type OutOfReachNoteProps = { vaultIds: readonly string[]; environment: Environment };

export function OutOfReachNote({ vaultIds, environment }: OutOfReachNoteProps) {
  const berth = useBerth();
  const asked = useQueries({ queries: vaultIds.map((vaultId) => credentialsQuery(berth, { vaultId })) });
  const failed = asked.find(({ error }) => error !== null);
  if (failed?.error) return <FailureNote error={failed.error} onRetry={() => void failed.refetch()} />;
  const { networking } = environment.config;
  const found = asked.flatMap(({ data = [] }) =>
    data.flatMap((credential) => {
      const hosts = outOfReach(credential.auth, networking);
      return hosts === null ? [] : [{ credential, hosts }];
    }),
  );
  if (found.length === 0) return null;
  const registries = networking.type === "limited" && networking.allow_package_managers;
  return (
    <div
      role="status"
      className="grid gap-1 rounded-md border border-waiting/60 bg-waiting-soft px-3 py-2 wrap-anywhere"
    >
      <p>
        The environment{" "}
        <Link href={`/environments/${environment.id}`} className="text-accent underline">
          <Name text={environment.name} />
        </Link>{" "}
        allows none of the hosts of {found.length === 1 ? "this credential" : "these credentials"}
        {registries ? ", unless packages come from there" : ""}. Requests there will be refused.
      </p>
      <ul className="list-disc pl-5">
        {found.map(({ credential, hosts }) => (
          <li key={credential.id}>
            <Name text={titleOf(credential)} /> for <span className="font-mono text-[13px]">{hosts.join(", ")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
