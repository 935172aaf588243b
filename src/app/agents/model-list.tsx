// Models to choose from, under the model's field, each with its limits and prices. The field has the focus and the keys.
"use client";

import type { Ref } from "react";
import type { Model } from "../../client/models.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { classNames } from "../components/class-names.ts";
import { modelFacts } from "./model-options.ts";

type ModelListProps = {
  ref: Ref<HTMLDivElement>;
  id: string;
  open: boolean;
  models: readonly Model[];
  active: number;
  onChoose: (id: string) => void;
};

export function ModelList({ ref, id, open, models, active, onChoose }: ModelListProps) {
  return (
    <div
      ref={ref}
      id={id}
      role="listbox"
      aria-label="Models"
      hidden={!open}
      className="absolute inset-x-0 top-full z-20 mt-1 max-h-72 overflow-y-auto rounded-md border border-line bg-panel p-1 shadow-lg"
    >
      {models.map((model, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and points here with aria-activedescendant
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
        <div
          key={model.id}
          id={`${id}-${index}`}
          data-index={index}
          role="option"
          aria-selected={index === active}
          // A press would take the focus from the field and close the list before the click.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(model.id)}
          className={classNames(
            "cursor-default rounded px-2 py-1.5 hover:bg-sunken max-md:py-3",
            index === active && "bg-accent-soft hover:bg-accent-soft",
          )}
        >
          <span className="block wrap-anywhere">{visibleExactly(model.id)}</span>
          <span className="block text-[13px] text-muted">{modelFacts(model)}</span>
        </div>
      ))}
    </div>
  );
}
