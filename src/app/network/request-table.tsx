// Requests as a table; on a phone one below the other.
"use client";

import type { EgressRequest } from "../../contract/egress-requests.ts";
import { useEnvironments } from "../environments/use-environments.ts";
import { RequestRow } from "./request-row.tsx";

export function RequestTable({ requests }: { requests: readonly EgressRequest[] }) {
  const environments = useEnvironments({ archived: true });
  const byId = new Map(environments.data?.map((environment) => [environment.id, environment]));
  return (
    <table className="w-full border-collapse text-left max-md:block" aria-label="Requests">
      <thead className="text-[13px] text-muted max-md:hidden">
        <tr className="border-b border-line [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium [&>th]:whitespace-nowrap">
          <th scope="col">Decision</th>
          <th scope="col">Request and rule</th>
          <th scope="col">Answer</th>
          <th scope="col">Session, time</th>
        </tr>
      </thead>
      <tbody className="max-md:block">
        {requests.map((request) => (
          <RequestRow
            key={request.id}
            request={request}
            environment={(request.environment_id && byId.get(request.environment_id)) || null}
          />
        ))}
      </tbody>
    </table>
  );
}
