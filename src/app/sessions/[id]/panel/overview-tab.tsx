// What a session is and what it has used so far.
"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { formatDuration } from "../../../../lib/format-duration.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { formatCost } from "../../../components/format.ts";
import { Name } from "../../../components/name.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { openCalls } from "../session-view.ts";
import { Fact } from "./fact.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";
import { RepositoryList } from "./repository-list.tsx";
import { SandboxRow } from "./sandbox-row.tsx";

export function OverviewTab({ session, view }: PanelTabProps) {
  const { usage, agent } = session;
  const waiting = openCalls(view, "asking");
  const metadata = Object.entries(session.metadata);
  return (
    <div className="grid gap-5 p-4">
      {waiting.length > 0 && (
        <Section title="Waits for you">
          {waiting.map((call) => (
            <p key={call.id}>
              <a href={`#${call.id}`} className="text-accent underline">
                {visibleExactly(call.name)}
              </a>{" "}
              asks since <RelativeTime at={call.askedAt} />
            </p>
          ))}
        </Section>
      )}
      <Section title="Session">
        <Facts>
          <Fact name="Id">
            <Id id={session.id} />
          </Fact>
          <Fact name="Agent">
            <Link href={`/agents/${agent.id}`} className="text-accent underline">
              <Name text={agent.name} />
            </Link>{" "}
            version {agent.version}
          </Fact>
          <Fact name="Model">
            <span className="font-mono text-[13px]">{visibleExactly(agent.model.id)}</span>
          </Fact>
          <Fact name="Environment">
            <span className="flex items-center gap-1">
              <Link
                href={`/environments/${session.environment_id}`}
                className="font-mono text-[13px] wrap-anywhere text-accent underline"
              >
                {session.environment_id}
              </Link>
              <CopyButton text={session.environment_id} label="Copy id" />
            </span>
          </Fact>
          <SandboxRow sessionId={session.id} status={view.status} />
          <Fact name="Created">
            <RelativeTime at={session.created_at} />
          </Fact>
          {session.archived_at !== null && (
            <Fact name="Archived">
              <RelativeTime at={session.archived_at} />
            </Fact>
          )}
        </Facts>
      </Section>
      <Section title="Repositories">
        <RepositoryList session={session} view={view} />
      </Section>
      <Section title="Used so far">
        <Facts>
          <Fact name="Turns">{view.turns.length}</Fact>
          <Fact name="Tokens read">{usage.input_tokens.toLocaleString()}</Fact>
          <Fact name="… from cache">{usage.cache_read_input_tokens.toLocaleString()}</Fact>
          <Fact name="Tokens written">{usage.output_tokens.toLocaleString()}</Fact>
          <Fact name="Cost">{formatCost(usage) ?? "unknown: the gateway gave no price"}</Fact>
          <Fact name="Working time">{formatDuration(usage.active_seconds * 1_000)}</Fact>
        </Facts>
      </Section>
      {metadata.length > 0 && (
        <Section title="Metadata">
          <Facts>
            {metadata.map(([key, value]) => (
              <Fact key={key} name={visibleExactly(key)}>
                {visibleExactly(value)}
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid gap-1.5">
      <h2 className="text-[13px] font-medium text-muted">{title}</h2>
      {children}
    </section>
  );
}

function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">{children}</dl>;
}

function Id({ id }: { id: string }) {
  return (
    <span className="flex items-center gap-1">
      <span className="font-mono text-[13px] wrap-anywhere">{id}</span>
      <CopyButton text={id} label="Copy id" />
    </span>
  );
}
