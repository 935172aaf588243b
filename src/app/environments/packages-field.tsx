// What is installed in the environment's sandboxes, one list for each package manager.
"use client";

import { Field } from "../components/ui/field.tsx";
import { Textarea } from "../components/ui/input.tsx";
import type { FormDraft } from "../components/use-form-draft.ts";
import {
  type EnvironmentDraft,
  type EnvironmentProblems,
  INSTALLING_MANAGERS,
  type InstallingManager,
} from "./environment-draft.ts";

const EXAMPLES: Record<InstallingManager, string> = {
  pip: "rich==13.9.4",
  npm: "left-pad@1.3.0",
  go: "golang.org/x/tools/cmd/goimports@latest",
  cargo: "ripgrep@14.1.1",
  gem: "rake:13.2.1",
};

export function PackagesField({ state }: { state: FormDraft<EnvironmentDraft, EnvironmentProblems> }) {
  const { draft, problems, change } = state;
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">Packages</legend>
      <p className="text-muted">
        One a line. The first session installs them, later ones find them ready. What apt installs comes from the
        machine that Berth runs on.
      </p>
      <div className="grid gap-3 md:grid-cols-2">
        {INSTALLING_MANAGERS.map((manager) => (
          <Field key={manager} label={manager} error={problems?.[`packages.${manager}`]}>
            {(control) => (
              <Textarea
                {...control}
                className="min-h-16 font-mono text-[13px]"
                spellCheck={false}
                autoCapitalize="none"
                placeholder={EXAMPLES[manager]}
                value={draft.packages[manager]}
                onChange={(event) => change({ packages: { ...draft.packages, [manager]: event.target.value } })}
              />
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  );
}
