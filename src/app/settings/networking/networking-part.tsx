// One of the two: the default, or the ceiling.
"use client";

import { Field } from "../../components/ui/field.tsx";
import { Select } from "../../components/ui/input.tsx";
import { LimitedFields } from "../../environments/limited-fields.tsx";
import type { PartDraft } from "./team-networking-draft.ts";

type NetworkingPartProps = {
  title: string;
  about: string;
  /** What each choice is called; those that are absent are not offered. */
  choices: { server: string; unrestricted?: string; limited: string };
  draft: PartDraft;
  error: string | undefined;
  change: (changes: Partial<PartDraft>) => void;
};

export function NetworkingPart({ title, about, choices, draft, error, change }: NetworkingPartProps) {
  const chosen = draft.own ? draft.networking : "server";
  const choose = (value: string) =>
    value === "server"
      ? change({ own: false })
      : change({ own: true, networking: value === "unrestricted" ? "unrestricted" : "limited" });
  return (
    <fieldset aria-label={title} className="grid min-w-0 gap-3 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">{title}</legend>
      <p className="text-muted [overflow-wrap:anywhere]">{about}</p>
      <Field label={title}>
        {(control) => (
          <Select {...control} className="max-w-96" value={chosen} onChange={(event) => choose(event.target.value)}>
            {Object.entries(choices).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {draft.own && draft.networking === "limited" && <LimitedFields draft={draft} error={error} change={change} />}
    </fieldset>
  );
}
