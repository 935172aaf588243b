// The model's name: from the gateway's list, or typed.
"use client";

import { useId } from "react";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { useModels } from "./use-models.ts";

type ModelFieldProps = { value: string; error: string | undefined; onChange: (model: string) => void };

export function ModelField({ value, error, onChange }: ModelFieldProps) {
  const listId = useId();
  const models = useModels();
  const hint = models.error
    ? `The gateway's models could not be listed: ${models.error.message}`
    : models.data
      ? `${models.data.data.length} in your gateway; any other name can be typed.`
      : undefined;
  return (
    <Field label="Model" hint={hint} error={error}>
      {(control) => (
        <>
          <Input
            {...control}
            list={listId}
            autoComplete="off"
            spellCheck={false}
            maxLength={256}
            placeholder={models.data?.data[0]?.id ?? ""}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={listId}>
            {models.data?.data.map((model) => (
              <option key={model.id} value={model.id}>
                {model.display_name}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
