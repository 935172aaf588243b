// What is shown of the components: by the address, so that each part can be looked at alone.
"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import type { ComponentType } from "react";
import { classNames } from "../../components/class-names.ts";
import { PageHeader } from "../../components/page-header.tsx";
import { ItemGallery } from "./item-gallery.tsx";
import { ListGallery } from "./list-gallery.tsx";
import { PartGallery } from "./part-gallery.tsx";
import { STAGES } from "./staged-answers.ts";

const galleries: readonly { id: string; label: string; Gallery: ComponentType }[] = [
  { id: "parts", label: "Parts", Gallery: PartGallery },
  { id: "items", label: "Items of a session", Gallery: ItemGallery },
  ...STAGES.map((name) => ({ id: name, label: `Lists: ${name}`, Gallery: () => <ListGallery name={name} /> })),
];

export function ComponentsRoom() {
  const shown = useSearchParams().get("show") ?? "parts";
  const { Gallery } = galleries.find(({ id }) => id === shown) ?? { Gallery: PartGallery };
  return (
    <>
      <PageHeader title="Components">
        <nav aria-label="Galleries" className="flex flex-wrap gap-1">
          {galleries.map(({ id, label }) => (
            <Link
              key={id}
              href={`/dev/components?show=${id}`}
              aria-current={id === shown ? "page" : undefined}
              className={classNames(
                "rounded-md px-2 py-1 hover:bg-sunken",
                id === shown && "bg-accent-soft text-accent",
              )}
            >
              {label}
            </Link>
          ))}
        </nav>
      </PageHeader>
      <Gallery key={shown} />
    </>
  );
}
