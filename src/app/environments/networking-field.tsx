// Which hosts sandboxes may reach; with what this release makes of it.
"use client";

import { ceilingWords } from "../../contract/networking-ceiling.ts";
import { Field } from "../components/ui/field.tsx";
import { Select, Textarea } from "../components/ui/input.tsx";
import type { FormDraft } from "../components/use-form-draft.ts";
import { useHealth } from "../settings/use-health.ts";
import { type EnvironmentDraft, type EnvironmentProblems, networkingWords } from "./environment-draft.ts";

export function NetworkingField({ state }: { state: FormDraft<EnvironmentDraft, EnvironmentProblems> }) {
  const { draft, problems, change } = state;
  const parts = useHealth().data?.parts;
  const packages = parts?.packages?.detail;
  const ceiling = parts?.networking?.ceiling;
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">Network</legend>
      <p className="rounded-md bg-waiting-soft px-3 py-2">
        Sandboxes reach public hosts by https only. A change holds in running ones within seconds.
      </p>
      {ceiling?.type === "limited" && (
        <p className="rounded-md bg-waiting-soft px-3 py-2 [overflow-wrap:anywhere]">
          This server allows no environment more than: {ceilingWords(ceiling)}. What an environment says beyond that is
          not reached, and more can't be saved.
        </p>
      )}
      <Field label="Network">
        {(control) => (
          <Select
            {...control}
            className="max-w-72"
            value={draft.networking}
            // The options are the kinds, so the value is one of them.
            onChange={(event) => change({ networking: event.target.value as EnvironmentDraft["networking"] })}
          >
            <option value="unrestricted">{networkingWords.unrestricted}</option>
            <option value="limited">{networkingWords.limited}</option>
          </Select>
        )}
      </Field>
      {draft.networking === "limited" && (
        <>
          <Field
            label="Allowed hosts"
            hint="One a line; *.example.com allows every name below it."
            error={problems?.allowedHosts}
          >
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
      )}
    </fieldset>
  );
}

type CheckProps = { label: string; checked: boolean; onChange: (checked: boolean) => void };

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-2 max-md:min-h-[44px]">
      <input
        type="checkbox"
        className="size-4 accent-accent max-md:size-5"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
