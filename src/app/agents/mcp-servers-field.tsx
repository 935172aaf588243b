// The MCP servers whose tools the agent may call. One row each.
"use client";

import { visibleName } from "../../lib/visible-text.ts";
import { Plus, X } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { Input, Select } from "../components/ui/input.tsx";
import { type Policy, policyLabels } from "./agent-draft.ts";
import type { McpRow } from "./mcp-rows.ts";

type McpServersFieldProps = {
  rows: readonly McpRow[];
  error: string | undefined;
  readOnly: boolean;
  onChange: (rows: McpRow[]) => void;
};

const NEW_ROW: McpRow = { name: "", url: "", policy: "always_ask", was: null };

export function McpServersField({ rows, error, readOnly, onChange }: McpServersFieldProps) {
  const change = (index: number, changes: Partial<McpRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...changes } : row)));
  return (
    <fieldset className="grid min-w-0 content-start gap-2">
      <legend className="mb-1 font-medium">MCP servers</legend>
      {rows.length > 0 && (
        <ul className="grid gap-2 max-md:gap-4">
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name while its name is typed
            <li key={index} className="flex items-center gap-2 max-md:flex-wrap">
              <Input
                aria-label={`Name of server ${index + 1}`}
                aria-invalid={error !== undefined}
                placeholder="name"
                className="text-[13px] md:max-w-40"
                maxLength={255}
                value={row.name}
                onChange={(event) => change(index, { name: event.target.value })}
              />
              <Input
                aria-label={`Address of server ${index + 1}`}
                aria-invalid={error !== undefined}
                type="url"
                placeholder="https://mcp.example.com/mcp"
                className="font-mono text-[13px]"
                maxLength={2048}
                value={row.url}
                onChange={(event) => change(index, { url: event.target.value })}
              />
              <Select
                aria-label={`When a tool of server ${index + 1} is called`}
                className="w-auto min-w-36 shrink-0 max-md:flex-1"
                value={row.policy}
                // The options are the policies, so the value is one of them.
                onChange={(event) => change(index, { policy: event.target.value as Policy })}
              >
                <option value="always_allow">{policyLabels.always_allow}</option>
                <option value="always_ask">{policyLabels.always_ask}</option>
                {row.policy === "auto" && <option value="auto">{policyLabels.auto}</option>}
              </Select>
              {!readOnly && (
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Remove ${visibleName(row.name) || `server ${index + 1}`}`}
                  onClick={() => onChange(rows.filter((_, at) => at !== index))}
                >
                  <X aria-hidden />
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {error ? (
        <p role="alert" className="text-danger">
          {error}
        </p>
      ) : (
        <p className="text-muted">
          The agent can call their tools. Put their credentials into a vault, and give the vault to the session.
        </p>
      )}
      {!readOnly && (
        <Button size="small" className="justify-self-start" onClick={() => onChange([...rows, NEW_ROW])}>
          <Plus aria-hidden /> Add a server
        </Button>
      )}
    </fieldset>
  );
}
