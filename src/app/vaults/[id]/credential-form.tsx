// Puts a credential into a vault. Its value is typed here, sent once, and kept nowhere in the browser.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { FailureNote } from "../../components/failure-note.tsx";
import { SecretInput } from "../../components/secret-input.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Input, Select, Textarea } from "../../components/ui/input.tsx";
import { UnsavedEdits } from "../../components/unsaved-edits.tsx";
import { useFormDraft } from "../../components/use-form-draft.ts";
import { useBerth } from "../../providers.tsx";
import {
  type CredentialDraft,
  type CredentialProblems,
  findProblems,
  hasHosts,
  kindWords,
  newCredentialDraft,
  type OfferedKind,
  offeredKinds,
  toNewInput,
} from "./credential-draft.ts";

export function CredentialForm({ vaultId }: { vaultId: string }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const state = useFormDraft(newCredentialDraft, findProblems);
  const { draft, problems, refusals, dirty, change } = state;
  const form = useRef<HTMLFormElement>(null);
  const create = useMutation({
    mutationFn: () => berth.vaults.credentials.create(vaultId, toNewInput(draft)),
    onSuccess: () => {
      state.restart({ ...newCredentialDraft, kind: draft.kind });
      void queries.invalidateQueries({ queryKey: ["credentials", vaultId] });
    },
    // The value must not outlive the form in a cache.
    gcTime: 0,
  });
  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  const { name, value, hosts, methods, paths, displayName } = draft;
  const typed = dirty && [name, value, hosts, methods, paths, displayName].some((text) => text !== "");
  const words = kindWords[draft.kind];
  return (
    <form
      ref={form}
      noValidate
      autoComplete="off"
      aria-label="Add a credential"
      className="grid gap-4 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (state.check()) create.mutate();
      }}
    >
      <h2 className="font-semibold">Add a credential</h2>
      <UnsavedEdits dirty={typed && !create.isPending} />
      <Field label="Kind" hint={words.about}>
        {(control) => (
          <Select
            {...control}
            className="max-w-72"
            value={draft.kind}
            // The options are the kinds, so the value is one of them.
            onChange={(event) => change({ kind: event.target.value as OfferedKind })}
          >
            {offeredKinds.map((kind) => (
              <option key={kind} value={kind}>
                {kindWords[kind].kind}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <div className="grid gap-4 md:grid-cols-2">
        {words.name && (
          <Field label={words.name.label} error={problems?.name}>
            {(control) => (
              <Input
                {...control}
                className="font-mono text-[13px]"
                maxLength={2048}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                placeholder={words.name?.placeholder}
                value={draft.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
        )}
        <SecretInput
          label={words.value}
          hint="Never shown again."
          error={problems?.value}
          value={draft.value}
          onChange={(value) => change({ value })}
        />
      </div>
      {hasHosts(draft.kind) && <HostsField draft={draft} error={problems?.hosts} change={change} />}
      {hasHosts(draft.kind) && <RequestsFields draft={draft} problems={problems} change={change} />}
      <Field label="Name in lists" hint="Optional.">
        {(control) => (
          <Input
            {...control}
            maxLength={255}
            autoComplete="off"
            value={draft.displayName}
            onChange={(event) => change({ displayName: event.target.value })}
          />
        )}
      </Field>
      {create.error && <FailureNote error={create.error} />}
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" disabled={create.isPending}>
          {create.isPending ? "Sealing…" : "Add credential"}
        </Button>
        <span role="status" className="text-good">
          {create.isSuccess && !typed && "Stored"}
        </span>
      </div>
    </form>
  );
}

type HostsFieldProps = {
  draft: CredentialDraft;
  error: string | undefined;
  change: (changes: Partial<CredentialDraft>) => void;
};

function HostsField({ draft, error, change }: HostsFieldProps) {
  const isVariable = draft.kind === "environment_variable";
  return (
    <div className="grid gap-3">
      {!(isVariable && draft.anyHost) && (
        <Field label="Hosts" hint="One a line. *.example.com stands for all names below it." error={error}>
          {(control) => (
            <Textarea
              {...control}
              className="min-h-16 font-mono text-[13px]"
              spellCheck={false}
              autoCapitalize="none"
              placeholder={"api.github.com\n*.example.com"}
              value={draft.hosts}
              onChange={(event) => change({ hosts: event.target.value })}
            />
          )}
        </Field>
      )}
      {isVariable && (
        <>
          <Check
            label="Any host that the session's environment allows"
            checked={draft.anyHost}
            onChange={(anyHost) => change({ anyHost })}
          />
          <Check
            label="In the body of requests too, not only in headers"
            checked={draft.inBody}
            onChange={(inBody) => change({ inBody })}
          />
        </>
      )}
    </div>
  );
}

type RequestsFieldsProps = {
  draft: CredentialDraft;
  problems: CredentialProblems | null;
  change: (changes: Partial<CredentialDraft>) => void;
};

/** For which requests to its hosts it is. */
function RequestsFields({ draft, problems, change }: RequestsFieldsProps) {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      <Field label="Paths" hint="Optional, one a line: each with all that lies below it." error={problems?.paths}>
        {(control) => (
          <Textarea
            {...control}
            className="min-h-16 font-mono text-[13px]"
            spellCheck={false}
            autoCapitalize="none"
            placeholder="/repos/acme"
            value={draft.paths}
            onChange={(event) => change({ paths: event.target.value })}
          />
        )}
      </Field>
      <Field label="Methods" hint="Optional: without one, all of them." error={problems?.methods}>
        {(control) => (
          <Input
            {...control}
            className="font-mono text-[13px]"
            maxLength={300}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            placeholder="GET, HEAD"
            value={draft.methods}
            onChange={(event) => change({ methods: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

type CheckProps = { label: string; checked: boolean; onChange: (checked: boolean) => void };

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-2 max-md:min-h-[44px]">
      <input
        type="checkbox"
        className="size-4 shrink-0 accent-accent max-md:size-5"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
