// The fields of one repository: where it comes from, what of it, where it lies, and the token that nobody sees again.
"use client";

import { SecretInput } from "../components/secret-input.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { placeOf, type RepositoryDraft, type RepositoryProblems } from "./repository-draft.ts";

type RepositoryFieldsProps = {
  draft: RepositoryDraft;
  problems: RepositoryProblems | undefined;
  onChange: (changes: Partial<RepositoryDraft>) => void;
};

export function RepositoryFields({ draft, problems, onChange }: RepositoryFieldsProps) {
  const typed = (field: keyof RepositoryDraft) => ({
    className: "font-mono text-[13px]",
    maxLength: 2048,
    autoComplete: "off",
    autoCapitalize: "none",
    spellCheck: false,
    value: draft[field],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => onChange({ [field]: event.target.value }),
  });
  return (
    <div className="grid gap-3">
      <Field label="Address" error={problems?.url}>
        {(control) => (
          <Input {...control} {...typed("url")} inputMode="url" placeholder="https://github.com/acme/app" />
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          label="Branch or commit"
          hint="Left empty: the default branch. A commit by its whole SHA."
          error={problems?.ref}
        >
          {(control) => <Input {...control} {...typed("ref")} placeholder="main" />}
        </Field>
        <Field label="Place in the sandbox" hint="Below /workspace or /home/agent." error={problems?.mountPath}>
          {(control) => (
            <Input {...control} {...typed("mountPath")} placeholder={placeOf(draft.url) ?? "/workspace/app"} />
          )}
        </Field>
      </div>
      <SecretInput
        label="Token"
        hint="For a private repository. It never enters the sandbox, and is never shown again."
        error={problems?.token}
        value={draft.token}
        onChange={(token) => onChange({ token })}
      />
    </div>
  );
}
