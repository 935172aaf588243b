// How hard the model thinks.
"use client";

import type { Effort } from "../../contract/agents.ts";
import { Field } from "../components/ui/field.tsx";
import { Select } from "../components/ui/input.tsx";
import { effortLabels } from "./agent-draft.ts";

type EffortFieldProps = { value: Effort | ""; onChange: (effort: Effort | "") => void };

export function EffortField({ value, onChange }: EffortFieldProps) {
  return (
    <Field label="Effort" hint="How hard the model thinks before it answers. Not every model can be told.">
      {(control) => (
        <Select
          {...control}
          value={value}
          // The options are the efforts, so the value is one of them.
          onChange={(event) => onChange(event.target.value as Effort | "")}
        >
          <option value="">the model's own</option>
          {Object.entries(effortLabels).map(([effort, label]) => (
            <option key={effort} value={effort}>
              {label}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
