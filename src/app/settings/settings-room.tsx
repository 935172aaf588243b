// Health of each part in words, who is logged in, and what this is.
"use client";

import Link from "next/link";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { Button } from "../components/ui/button.tsx";
import { keyNameOf, useLogOut, useSignIn } from "../components/use-sign-in.ts";
import { GatewayTest } from "./gateway-test.tsx";
import { HealthList } from "./health-list.tsx";
import { StorageFacts } from "./storage-facts.tsx";
import { HEALTH_WATCHED_S, useHealth } from "./use-health.ts";

export function SettingsRoom() {
  const health = useHealth({ watched: true });
  const signIn = useSignIn();
  const logout = useLogOut();
  return (
    <>
      <PageHeader title="Settings" />
      <div className="grid max-w-3xl gap-8 p-4">
        <nav aria-label="More pages" className="flex flex-wrap gap-2 md:hidden">
          <Button asChild>
            <Link href="/usage">Usage</Link>
          </Button>
          <Button asChild>
            <Link href="/environments">Environments</Link>
          </Button>
          <Button asChild>
            <Link href="/network">Network</Link>
          </Button>
          <Button asChild>
            <Link href="/vaults">Vaults</Link>
          </Button>
        </nav>
        <section aria-labelledby="health-title" className="grid gap-2">
          <h2 id="health-title" className="font-semibold">
            Health
          </h2>
          {health.isPending && <ListSkeleton label="Asking the server" />}
          {health.error && <FailureNote error={health.error} onRetry={() => void health.refetch()} />}
          {health.data && <HealthList parts={health.data.parts} />}
          <p className="text-[13px] text-muted">Asked every {HEALTH_WATCHED_S} s while this page is seen.</p>
          <GatewayTest />
        </section>
        <StorageFacts />
        <section aria-labelledby="keys-title" className="grid justify-items-start gap-2">
          <h2 id="keys-title" className="font-semibold">
            API keys
          </h2>
          <p className="text-muted">
            For programs. The server's own lies in the file <code className="font-mono">api-key</code> of its data
            directory, unless its settings name one.
          </p>
          <Button asChild>
            <Link href="/settings/keys">Manage API keys</Link>
          </Button>
        </section>
        <section aria-labelledby="networking-title" className="grid justify-items-start gap-2">
          <h2 id="networking-title" className="font-semibold">
            Networking
          </h2>
          <p className="text-muted">What the team's new environments begin with, and what none of them may exceed.</p>
          <Button asChild>
            <Link href="/settings/networking">Networking of the team</Link>
          </Button>
        </section>
        <section aria-labelledby="account-title" className="grid justify-items-start gap-2">
          <h2 id="account-title" className="font-semibold">
            Account
          </h2>
          {signIn.data && (
            <p className="text-muted">
              Team <Name text={signIn.data.team.name} />, logged in{" "}
              {keyNameOf(signIn.data) === null ? "with a one-time link" : "with the key "}
              <Name text={keyNameOf(signIn.data) ?? ""} />.
            </p>
          )}
          <Button onClick={() => logout.mutate()} disabled={logout.isPending}>
            Log out
          </Button>
          {logout.error && <FailureNote error={logout.error} />}
        </section>
        <section aria-labelledby="about-title" className="grid gap-2">
          <h2 id="about-title" className="font-semibold">
            About
          </h2>
          <p className="text-muted">
            Berth {health.data?.version}, the self-hosted server for the Managed Agents API. The API is described at{" "}
            <a href="/docs" className="text-accent underline">
              /docs
            </a>
            . MIT licence; see the{" "}
            <Link href="/settings/licences" className="text-accent underline">
              licences of what it is built with
            </Link>
            .
          </p>
        </section>
      </div>
    </>
  );
}
