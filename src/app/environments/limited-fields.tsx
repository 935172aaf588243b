// What a limited networking allows: hosts, and the two kinds that are not named one by one.
"use client";

import { Check } from "../components/ui/check.tsx";
import { Field } from "../components/ui/field.tsx";
import { Textarea } from "../components/ui/input.tsx";
import { useHealth } from "../settings/use-health.ts";
import type { NetworkingDraft } from "./networking-draft.ts";

type LimitedFieldsProps = {
  draft: NetworkingDraft;
  error: string | undefined;
  change: (changes: Partial<NetworkingDraft>) => void;
};

export function LimitedFields({ draft, error, change }: LimitedFieldsProps) {
  const packages = useHealth().data?.parts.packages?.detail;
  return (
    <>
      <Field label="Allowed hosts" hint="One a line; *.example.com allows every name below it." error={error}>
        {(control) => (
          <Textarea
            {...control}
            className="min-h-24 font-mono text-[13px]"
            spellCheck={false}
            placeholder={"api.example.com\nexample.org"}
            value={draft.allowedHosts}
            onChange={(event) => change({ allowedHosts: event.target.value })}
          />
        )}
      </Field>
      <Check
        label="Package registries too"
        checked={draft.allowPackageManagers}
        onChange={(allowPackageManagers) => change({ allowPackageManagers })}
      />
      {packages && <p className="pl-6 text-muted text-[13px] [overflow-wrap:anywhere]">{packages}</p>}
      <Check
        label="The agent's MCP servers too"
        checked={draft.allowMcpServers}
        onChange={(allowMcpServers) => change({ allowMcpServers })}
      />
    </>
  );
}
