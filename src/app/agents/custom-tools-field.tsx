// Custom tools as JSON: the program that owns the session runs them.
"use client";

import { useState } from "react";
import { Field } from "../components/ui/field.tsx";
import { Textarea } from "../components/ui/input.tsx";

const EXAMPLE = `[
  {
    "type": "custom",
    "name": "look_up_order",
    "description": "Finds an order by its number.",
    "input_schema": { "type": "object", "properties": { "number": { "type": "string" } }, "required": ["number"] }
  }
]`;

type CustomToolsFieldProps = { value: string; error: string | undefined; onChange: (json: string) => void };

export function CustomToolsField({ value, error, onChange }: CustomToolsFieldProps) {
  const [open, setOpen] = useState(value !== "");
  return (
    <details open={open || error !== undefined} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="rounded font-medium">Custom tools</summary>
      <div className="mt-2">
        <Field label="Tools that your own program runs, as JSON" error={error}>
          {(control) => (
            <Textarea
              {...control}
              className="max-h-[50vh] min-h-40 font-mono text-[13px]"
              spellCheck={false}
              placeholder={EXAMPLE}
              value={value}
              onChange={(event) => onChange(event.target.value)}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
