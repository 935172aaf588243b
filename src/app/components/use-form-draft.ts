// What is typed into a form, what is wrong with it, and whether something would be lost if it were left.
"use client";

import { useState } from "react";

export type FormDraft<Draft, Problems> = {
  draft: Draft;
  /** From the first check on; they go as they are mended. */
  problems: Problems | null;
  /** Checks that found something: each is a reason to lead there. */
  refusals: number;
  dirty: boolean;
  change: (changes: Partial<Draft>) => void;
  /** Looks whether it can be sent; shows what is wrong when it cannot. */
  check: () => boolean;
  /** Begins anew. What was typed after `sent` was taken from the form stays. */
  restart: (next: Draft, sent?: Draft) => void;
};

/** `start`: what the form is filled in with. `findProblems`: null when it can be sent. */
export function useFormDraft<Draft extends object, Problems>(
  start: Draft,
  findProblems: (draft: Draft) => Problems | null,
): FormDraft<Draft, Problems> {
  const [from, setFrom] = useState(start);
  const [draft, setDraft] = useState(start);
  const [refusals, setRefusals] = useState(0);
  return {
    draft,
    problems: refusals > 0 ? findProblems(draft) : null,
    refusals,
    dirty: JSON.stringify(draft) !== JSON.stringify(from),
    change: (changes) => setDraft((before) => ({ ...before, ...changes })),
    check() {
      const good = findProblems(draft) === null;
      if (!good) setRefusals((count) => count + 1);
      return good;
    },
    restart(next, sent) {
      setFrom(next);
      setRefusals(0);
      setDraft((now) => (sent === undefined || now === sent ? next : now));
    },
  };
}
