// What an empty list says: what belongs here and the next step.
import type { ReactNode } from "react";

export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-3 px-4 py-16 text-center">
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="grid justify-items-center gap-3 text-muted">{children}</div>
    </div>
  );
}
