// One of the choices that narrow a list: a link, so that the address says what is shown.
import Link from "next/link";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

type FilterChipProps = { href: string; chosen: boolean; children: ReactNode };

export function FilterChip({ href, chosen, children }: FilterChipProps) {
  return (
    <Link
      href={href}
      aria-current={chosen ? "true" : undefined}
      className={classNames(
        "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-md border px-2.5 text-[13px] whitespace-nowrap hover:bg-sunken max-md:h-[44px]",
        chosen ? "border-accent bg-accent-soft font-medium text-accent" : "border-line text-muted",
      )}
    >
      {children}
    </Link>
  );
}

/** Chips in a row that scrolls where there is no room for all. */
export function FilterChips({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="-mx-1 flex min-w-0 gap-1 overflow-x-auto p-1">
      {children}
    </nav>
  );
}
