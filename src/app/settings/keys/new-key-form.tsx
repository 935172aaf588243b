// Makes an API key and shows its value, this once.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CreatedApiKey } from "../../../contract/api-keys.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { Name } from "../../components/name.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Input } from "../../components/ui/input.tsx";
import { useBerth } from "../../providers.tsx";

export function NewKeyForm() {
  const berth = useBerth();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: () => berth.apiKeys.create({ name: name.trim() }),
    onSuccess: () => {
      setName("");
      void queries.invalidateQueries({ queryKey: ["api-keys"] });
    },
    // The value must not outlive the page in a cache.
    gcTime: 0,
  });
  return (
    <section aria-label="New key" className="grid gap-3">
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") create.mutate();
        }}
      >
        <div className="min-w-0 flex-1 basis-60">
          <Field label="Name of the program">
            {(control) => (
              <Input
                {...control}
                maxLength={100}
                autoComplete="off"
                value={name}
                placeholder="nightly tests"
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Button type="submit" look="primary" disabled={create.isPending || name.trim() === ""}>
          Create key
        </Button>
      </form>
      {create.error && <FailureNote error={create.error} />}
      {create.data && <NewKey created={create.data} />}
    </section>
  );
}

function NewKey({ created }: { created: CreatedApiKey }) {
  if (created.value === null)
    return (
      <p role="alert" className="text-danger">
        The key <Name text={created.name} /> was made, but its value was lost on the way. Revoke it and create another.
      </p>
    );
  return (
    <div role="status" className="grid gap-1 rounded-md border border-good bg-panel p-3">
      <p>
        <strong>
          <Name text={created.name} />
        </strong>
        : copy the value now, it is not stored and not shown again.
      </p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 flex-1 rounded bg-sunken px-2 py-1 font-mono text-[13px] break-all">
          {created.value}
        </code>
        <CopyButton text={created.value} label="Copy the key" />
      </div>
    </div>
  );
}
