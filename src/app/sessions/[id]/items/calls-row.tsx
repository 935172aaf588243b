// Calls that run in parallel: two beside each other where there is room, one that is open over the whole width.

import type { ReactNode } from "react";
import { Columns2 } from "../../../components/icons/icons.tsx";
import type { ToolCallItem } from "../session-view.ts";
import type { CallsRow as Row } from "../to-rows.ts";
import { ItemFrame } from "./item-frame.tsx";

export function CallsRow({ row, draw }: { row: Row; draw: (call: ToolCallItem) => ReactNode }) {
  const { calls, first, total } = row;
  const all = `${count(total)} calls in parallel`;
  const some =
    calls.length === 1 ? `Call ${count(total)}` : `Calls ${count(first + 1)} and ${count(first + calls.length)}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
    <div
      role="group"
      aria-label={calls.length === total ? all : `${some} of ${all}`}
      className="min-w-0 border-l-2 border-line pl-3 @min-[1000px]/list:-mx-20"
    >
      {first === 0 && (
        <p className="mb-2 flex items-center gap-2 text-[13px] text-muted">
          <Columns2 aria-hidden className="size-3.5" /> {all}
        </p>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-2 @min-[1000px]/list:grid-cols-2">
        {calls.map((call) => (
          <ItemFrame
            key={call.id}
            id={call.id}
            className="@min-[1000px]/list:has-[[aria-expanded=true]]:col-span-2 @min-[1000px]/list:has-[form]:col-span-2"
          >
            {draw(call)}
          </ItemFrame>
        ))}
      </div>
    </div>
  );
}

const count = (value: number) => value.toLocaleString();
