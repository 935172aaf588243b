// Which hosts sandboxes may reach; with what may be allowed at all.
"use client";

import Link from "next/link";
import { ceilingWords } from "../../contract/networking-ceiling.ts";
import { Field } from "../components/ui/field.tsx";
import { Select } from "../components/ui/input.tsx";
import type { FormDraft } from "../components/use-form-draft.ts";
import { useTeamNetworking } from "../settings/networking/use-team-networking.ts";
import type { EnvironmentDraft, EnvironmentProblems } from "./environment-draft.ts";
import { LimitedFields } from "./limited-fields.tsx";
import { networkingWords } from "./networking-draft.ts";

export function NetworkingField({ state }: { state: FormDraft<EnvironmentDraft, EnvironmentProblems> }) {
  const { draft, problems, change } = state;
  const team = useTeamNetworking().data;
  const ceiling = team?.effective.ceiling;
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">Network</legend>
      <p className="rounded-md bg-waiting-soft px-3 py-2">
        Sandboxes reach public hosts by https only. A change holds in running ones within seconds.
      </p>
      {ceiling?.type === "limited" && (
        <p className="rounded-md bg-waiting-soft px-3 py-2 [overflow-wrap:anywhere]">
          {team?.ceiling ? "This team" : "This server"} allows no environment more than: {ceilingWords(ceiling)}. What
          an environment says beyond that is not reached, and more can't be saved.{" "}
          <Link href="/settings/networking" className="text-accent underline">
            Networking of the team
          </Link>
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
            {(ceiling?.type !== "limited" || draft.networking === "unrestricted") && (
              <option value="unrestricted">{networkingWords.unrestricted}</option>
            )}
            <option value="limited">{networkingWords.limited}</option>
          </Select>
        )}
      </Field>
      {draft.networking === "limited" && <LimitedFields draft={draft} error={problems?.allowedHosts} change={change} />}
    </fieldset>
  );
}
