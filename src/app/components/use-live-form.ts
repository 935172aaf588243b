// A form of something that others may change meanwhile: where nothing was typed it follows, else the person decides.
"use client";

import { useEffect, useEffectEvent, useState } from "react";
import { type FormDraft, useFormDraft } from "./use-form-draft.ts";

export type LiveForm<Thing, Draft, Problems> = {
  form: FormDraft<Draft, Problems>;
  /** What the form was filled in from. */
  base: Thing;
  /** Somebody else saved since. */
  stale: boolean;
  /** Fills the form in from another state; see `restart`. */
  begin: (from: Thing, sent?: Draft) => void;
};

type How<Thing, Draft, Problems> = {
  /** Rises with each change. */
  stamp: (thing: Thing) => string | number;
  toDraft: (thing: Thing) => Draft;
  findProblems: (draft: Draft) => Problems | null;
};

/** `now`: as it is saved, by whomever. */
export function useLiveForm<Thing, Draft extends object, Problems>(
  now: Thing,
  { stamp, toDraft, findProblems }: How<Thing, Draft, Problems>,
): LiveForm<Thing, Draft, Problems> {
  const [base, setBase] = useState(now);
  const form = useFormDraft(toDraft(now), findProblems);
  const begin = (from: Thing, sent?: Draft) => {
    setBase(from);
    form.restart(toDraft(from), sent);
  };
  const follow = useEffectEvent((next: Thing) => {
    if (stamp(next) !== stamp(base) && !form.dirty) begin(next);
  });
  useEffect(() => follow(now), [now]);
  return { form, base, stale: stamp(now) > stamp(base), begin };
}
