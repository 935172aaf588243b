// Sessions as a table; on a phone as a list of cards.
"use client";

import Link from "next/link";
import { useRef } from "react";
import { sessionState } from "../../client/session-state.ts";
import type { Session } from "../../contract/sessions.ts";
import { formatCost, formatCount } from "../components/format.ts";
import { Name } from "../components/name.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { StateChip } from "../components/state-chip.tsx";
import { useRowKeys } from "../components/use-row-keys.ts";
import { LastMessageLine } from "./last-message-line.tsx";

export function SessionsTable({ sessions }: { sessions: Session[] }) {
  const rows = useRef<HTMLTableSectionElement>(null);
  useRowKeys(rows);
  return (
    <table className="w-full border-collapse text-left max-md:block">
      <thead className="text-[13px] text-muted max-md:hidden">
        <tr className="border-b border-line [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium [&>th]:whitespace-nowrap">
          <th scope="col">Title</th>
          <th scope="col">State</th>
          <th scope="col" className="max-lg:hidden">
            Last message
          </th>
          <th scope="col">Agent</th>
          <th scope="col" className="text-right">
            Tokens
          </th>
          <th scope="col" className="text-right">
            Cost
          </th>
          <th scope="col" className="text-right">
            Age
          </th>
        </tr>
      </thead>
      <tbody ref={rows} className="max-md:block">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </tbody>
    </table>
  );
}

function SessionRow({ session }: { session: Session }) {
  const { usage } = session;
  const cost = formatCost(usage);
  return (
    <tr className="relative border-b border-line hover:bg-sunken max-md:flex max-md:flex-wrap max-md:items-center max-md:gap-x-3 max-md:gap-y-1 max-md:px-4 max-md:py-3 md:[&>td]:px-4 md:[&>td]:py-2">
      <td className="w-2/5 max-w-0 max-lg:w-full max-md:max-w-none max-md:basis-full">
        {/* The link covers the row, so that the whole row can be clicked and the focus ring shows which one. */}
        <Link
          data-row
          href={`/sessions/${session.id}`}
          className="block truncate font-medium before:absolute before:inset-0 before:content-['']"
        >
          {session.title ? <Name text={session.title} /> : <span className="text-muted">Untitled</span>}
        </Link>
      </td>
      <td className="max-md:order-2">
        <StateChip state={sessionState(session)} waitingFor={session.waiting_for} />
      </td>
      <td className="w-3/5 max-w-0 max-md:max-w-none max-md:order-1 max-md:min-w-0 max-md:basis-full md:max-lg:hidden">
        <LastMessageLine message={session.last_message} />
      </td>
      <td className="max-w-40 truncate max-md:order-3 max-md:text-muted">
        <Name text={session.agent.name} />
      </td>
      <td className="text-right tabular-nums max-md:hidden">{formatCount(usage.input_tokens + usage.output_tokens)}</td>
      <td className="text-right tabular-nums max-md:hidden">{cost ?? <span className="text-muted">unknown</span>}</td>
      <td
        className="text-right text-muted max-md:order-4 max-md:ml-auto"
        title={`Changed last: ${new Date(session.updated_at).toLocaleString()}`}
      >
        <RelativeTime at={session.created_at} />
      </td>
    </tr>
  );
}
