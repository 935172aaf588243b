// Metadata: names and values that programs find again. One row each.
"use client";

import { MAX_METADATA_KEY_LENGTH, MAX_METADATA_VALUE_LENGTH } from "../../contract/metadata-limits.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { Plus, X } from "./icons/icons.tsx";
import type { MetadataRow } from "./metadata-rows.ts";
import { Button } from "./ui/button.tsx";
import { Input } from "./ui/input.tsx";

type MetadataFieldProps = {
  rows: readonly MetadataRow[];
  error: string | undefined;
  readOnly: boolean;
  onChange: (rows: MetadataRow[]) => void;
};

export function MetadataField({ rows, error, readOnly, onChange }: MetadataFieldProps) {
  const change = (index: number, changes: Partial<MetadataRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...changes } : row)));
  return (
    <fieldset className="grid min-w-0 content-start gap-2">
      <legend className="mb-1 font-medium">Metadata</legend>
      {rows.length > 0 && (
        <ul className="grid gap-2">
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name while its name is typed
            <li key={index} className="flex items-center gap-2">
              <Input
                aria-label={`Name ${index + 1}`}
                aria-invalid={error !== undefined}
                placeholder="name"
                className="max-w-56 font-mono text-[13px]"
                maxLength={MAX_METADATA_KEY_LENGTH}
                value={row.key}
                onChange={(event) => change(index, { key: event.target.value })}
              />
              <Input
                aria-label={`Value ${index + 1}`}
                placeholder="value"
                className="text-[13px]"
                maxLength={MAX_METADATA_VALUE_LENGTH}
                value={row.value}
                onChange={(event) => change(index, { value: event.target.value })}
              />
              {!readOnly && (
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Remove ${visibleName(row.key) || `row ${index + 1}`}`}
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
        <p className="text-muted">Names and values that your programs find again. Optional.</p>
      )}
      {!readOnly && (
        <Button size="small" className="justify-self-start" onClick={() => onChange([...rows, { key: "", value: "" }])}>
          <Plus aria-hidden /> Add a value
        </Button>
      )}
    </fieldset>
  );
}
