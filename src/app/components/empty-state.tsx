// What an empty list says: what belongs here and the next step.
import type { ReactNode } from "react";

type EmptyStateProps = {
  title: string;
  /** Nothing else is on the page: the title is the page's. */
  alone?: true;
  children: ReactNode;
};

export function EmptyState({ title, alone, children }: EmptyStateProps) {
  const Title = alone ? "h1" : "h2";
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-3 px-4 py-16 text-center">
      <Title className="text-base font-semibold">{title}</Title>
      <div className="grid justify-items-center gap-3 text-muted">{children}</div>
    </div>
  );
}
