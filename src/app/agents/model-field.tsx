// The model's name: found in the gateway's list with its limits and prices, or typed.
"use client";

import { type KeyboardEvent, useId, useRef, useState } from "react";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { ModelList } from "./model-list.tsx";
import { matchModels, modelFacts } from "./model-options.ts";
import { useModels } from "./use-models.ts";

type ModelFieldProps = { value: string; error: string | undefined; onChange: (model: string) => void };

/** Of a gateway with thousands of models; typing more finds the rest. */
const MAX_SHOWN = 100;

export function ModelField({ value, error, onChange }: ModelFieldProps) {
  const listId = useId();
  const models = useModels();
  const [open, setOpen] = useState(false);
  // Until something is typed the whole list is offered, not only what matches the present name.
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const all = models.data?.data ?? [];
  const found = matchModels(all, typed).slice(0, MAX_SHOWN);
  const chosen = all.find((model) => model.id === value);
  const shown = open && found.length > 0;

  function show(next: { typed: string; active: number }) {
    setOpen(true);
    setTyped(next.typed);
    setActive(next.active);
    list.current?.querySelector(`[data-index="${next.active}"]`)?.scrollIntoView({ block: "nearest" });
  }
  function choose(id: string) {
    onChange(id);
    setOpen(false);
    setTyped("");
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length === 0) return;
      const step = event.key === "ArrowDown" ? 1 : -1;
      show({ typed, active: shown ? (active + step + found.length) % found.length : 0 });
    } else if (event.key === "Enter" && shown) {
      event.preventDefault();
      choose(found[active]?.id ?? value);
    } else if (event.key === "Escape" && shown) {
      event.preventDefault();
      setOpen(false);
    }
  }

  // While a name is typed it is seldom one of the list.
  const vanished = value !== "" && typed === "" && models.data !== undefined && chosen === undefined;
  const hint = models.error
    ? `The gateway's models could not be listed: ${models.error.message}`
    : vanished
      ? "Your gateway does not list this model. Sessions fail while it does not serve it: choose another one."
      : (chosen && modelFacts(chosen)) ||
        (models.data
          ? `${all.length === 1 ? "One model" : `${all.length} models`} in your gateway; any other name can be typed.`
          : undefined);
  return (
    <Field label="Model" hint={hint} error={error}>
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            role="combobox"
            aria-expanded={shown}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={shown ? `${listId}-${active}` : undefined}
            autoComplete="off"
            spellCheck={false}
            maxLength={256}
            placeholder={all[0]?.id ?? ""}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
              show({ typed: event.target.value, active: 0 });
            }}
            onClick={() =>
              show({
                typed: "",
                active: Math.max(
                  0,
                  all.findIndex((model) => model.id === value),
                ),
              })
            }
            onBlur={() => setOpen(false)}
            onKeyDown={onKeyDown}
          />
          <ModelList ref={list} id={listId} open={shown} models={found} active={active} onChoose={choose} />
        </div>
      )}
    </Field>
  );
}
