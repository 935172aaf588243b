// A field for a value that nobody is to read over a shoulder, and that no browser is to remember.
"use client";

import { Field } from "./ui/field.tsx";
import { Input } from "./ui/input.tsx";

type SecretInputProps = {
  label: string;
  hint?: string;
  error: string | null | undefined;
  value: string;
  onChange: (value: string) => void;
};

export function SecretInput({ label, hint, error, value, onChange }: SecretInputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <Input
          {...control}
          type="password"
          className="font-mono text-[13px]"
          // Browsers heed this one; "off" they overrule for passwords.
          autoComplete="new-password"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
