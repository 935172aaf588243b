// One request of a sandbox: what, where to, what was decided and by which rule; with the click that allows its host.
"use client";

import Link from "next/link";
import { ruleWords } from "../../client/rule-words.ts";
import type { EgressRequest } from "../../contract/egress-requests.ts";
import type { Environment } from "../../contract/environments.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { visibleExactly, visibleName } from "../../lib/visible-text.ts";
import { formatBytes } from "../components/format.ts";
import { RelativeTime } from "../components/relative-time.tsx";
import { senderWords } from "../components/sender-words.ts";
import { AllowHostButton } from "./allow-host-button.tsx";
import { DecisionChip } from "./decision-chip.tsx";

/** Before the rule; nothing of a sandbox's own. */
const askers: Record<EgressRequest["source"], string> = {
  sandbox: "",
  mcp: "MCP · ",
  web: "web tool · ",
  credential: "credential · ",
};

export function RequestRow({ request, environment }: { request: EgressRequest; environment: Environment | null }) {
  const { method, host, port, path, status, detail, credentials, who } = request;
  return (
    <tr className="border-b border-line align-top hover:bg-sunken max-md:grid max-md:gap-1 max-md:px-4 max-md:py-3 md:[&>td]:px-4 md:[&>td]:py-2">
      <td className="max-md:order-2">
        <DecisionChip request={request} />
      </td>
      <td className="w-full max-w-0 min-w-0 max-md:max-w-none">
        <span className="block font-mono text-[13px] wrap-anywhere">
          {method !== "" && <span className="text-muted">{visibleExactly(method)} </span>}
          <span className="font-medium">{visibleExactly(host)}</span>
          {port !== 443 && `:${port}`}
          <span className="text-muted">{visibleExactly(path)}</span>
        </span>
        <span className="block text-[13px] wrap-anywhere text-muted">
          {askers[request.source]}
          {visibleExactly(ruleWords(request))}
          {detail !== null && ` · ${visibleExactly(detail)}`}
        </span>
        {credentials.length > 0 && (
          <span className="block text-[13px] wrap-anywhere text-muted">
            {credentials.length === 1 ? "Credential " : "Credentials "}
            {credentials.map(visibleName).join(", ")}
          </span>
        )}
        {who && (
          <span className="block text-[13px] wrap-anywhere text-muted">
            {request.session_id === null ? "Tried" : "For a message sent"} {senderWords(who)}
          </span>
        )}
        {request.rule === "host_not_allowed" && environment && (
          <span className="mt-1 block">
            <AllowHostButton host={host} environment={environment} />
          </span>
        )}
      </td>
      <td className="whitespace-nowrap tabular-nums max-md:order-3 max-md:text-[13px] max-md:text-muted">
        {status ?? "no answer"}
        <span className="block text-[13px] text-muted max-md:ml-2 max-md:inline">
          ↑ {formatBytes(request.request_bytes)} ↓ {formatBytes(request.response_bytes)}
        </span>
        <span className="block text-[13px] text-muted max-md:ml-2 max-md:inline">
          {formatDuration(request.duration_ms)}
        </span>
      </td>
      <td className="text-[13px] whitespace-nowrap max-md:order-4">
        {request.session_id === null ? (
          <span className="text-muted">no session</span>
        ) : (
          <Link
            href={
              request.environment_id === null
                ? `/network?session=${request.session_id}`
                : `/sessions/${request.session_id}?tab=network`
            }
            className="font-mono text-xs text-accent underline max-md:inline-block max-md:py-1"
          >
            {request.session_id.slice(0, 5)}…{request.session_id.slice(-6)}
          </Link>
        )}
        <span className="block text-muted max-md:ml-2 max-md:inline">
          <RelativeTime at={request.created_at} />
        </span>
      </td>
    </tr>
  );
}
