// Around each item: where a link to it leads, and the way to its details.
"use client";

import { type ReactNode, use } from "react";
import { classNames } from "../../../components/class-names.ts";
import { Braces } from "../../../components/icons/icons.tsx";
import { ItemContext, TimelineContext } from "../timeline-actions.ts";

export function ItemFrame({ id, className, children }: { id: string; className?: string; children: ReactNode }) {
  const timeline = use(TimelineContext);
  return (
    <div
      id={id}
      className={classNames(
        "group/item relative min-w-0",
        timeline?.highlighted === id && "rounded-md outline-2 outline-offset-4 outline-accent",
        className,
      )}
    >
      <ItemContext value={id}>{children}</ItemContext>
      {timeline && (
        <button
          type="button"
          aria-label="Event details"
          title="Event details: raw JSON and link"
          className="absolute top-1 -right-4 rounded p-1 text-muted opacity-0 group-hover/item:opacity-100 hover:bg-sunken focus-visible:opacity-100 max-lg:hidden"
          onClick={() => timeline.showDetails(id)}
        >
          <Braces aria-hidden className="size-4" />
        </button>
      )}
    </div>
  );
}
