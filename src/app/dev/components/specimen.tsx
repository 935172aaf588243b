// One thing that is shown, with its name.
import type { ReactNode } from "react";

export function Specimen({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name} className="grid grid-cols-[minmax(0,1fr)] gap-3 border-b border-line px-4 py-4">
      <h2 className="text-[13px] text-muted">{name}</h2>
      {children}
    </section>
  );
}
