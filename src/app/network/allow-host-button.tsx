// One click: the host is among those that the environment allows, for all its sessions.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { Environment } from "../../contract/environments.ts";
import { findAllowed } from "../../contract/host-names.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { Check, Plus } from "../components/icons/icons.tsx";
import { Name } from "../components/name.tsx";
import { Button } from "../components/ui/button.tsx";
import { useBerth } from "../providers.tsx";

export function AllowHostButton({ host, environment }: { host: string; environment: Environment }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const allow = useMutation({
    mutationFn: () => berth.environments.allowHost(environment.id, host),
    onSuccess: (changed) => {
      queries.setQueryData(["environment", environment.id], changed);
      return queries.invalidateQueries({ queryKey: ["environments"] });
    },
  });
  const { networking } = environment.config;
  const allowed = networking.type === "unrestricted" || findAllowed(host, networking.allowed_hosts) !== null;
  if (allowed)
    return (
      <span role="status" className="flex flex-wrap items-center gap-1 text-[13px] text-good">
        <Check aria-hidden className="size-4 shrink-0" /> Allowed now in{" "}
        <Link href={`/environments/${environment.id}`} className="underline">
          <Name text={environment.name} />
        </Link>
      </span>
    );
  if (environment.archived_at !== null) return null;
  return (
    <span className="grid justify-items-start gap-1">
      <Button
        size="small"
        disabled={allow.isPending}
        aria-label={`Allow in ${visibleName(environment.name)}: ${host}`}
        title={`Adds ${host} to the allowed hosts of ${visibleName(environment.name)}: for all its sessions, within seconds`}
        onClick={() => allow.mutate()}
      >
        <Plus aria-hidden />{" "}
        {allow.isPending ? (
          "Allowing…"
        ) : (
          <span>
            Allow in <Name text={environment.name} />
          </span>
        )}
      </Button>
      {allow.error && <FailureNote error={allow.error} />}
    </span>
  );
}
