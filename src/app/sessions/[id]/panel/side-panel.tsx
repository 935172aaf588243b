// Beside the conversation, on a phone over it: what the session is, its files, its events.
"use client";

import { type KeyboardEvent, Suspense } from "react";
import { classNames } from "../../../components/class-names.ts";
import { X } from "../../../components/icons/icons.tsx";
import { PartSkeleton } from "../../../components/part-skeleton.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { type PanelTabProps, panelTabs } from "./panel-tabs.ts";
import type { Panel } from "./use-panel.ts";

export function SidePanel({ panel, ...tabProps }: { panel: Panel } & PanelTabProps) {
  const current = panelTabs.find(({ id }) => id === panel.tabId);
  if (!current) return null;
  const { Content } = current;
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = panelTabs[(panelTabs.indexOf(current) + step + panelTabs.length) % panelTabs.length];
    if (!next) return;
    panel.open(next.id);
    document.getElementById(`panel-tab-${next.id}`)?.focus();
  };
  return (
    <aside
      aria-label="Details of the session"
      className="@container flex min-h-0 min-w-0 flex-col bg-page max-lg:fixed max-lg:inset-0 max-lg:z-40 lg:w-[min(40%,34rem)] lg:shrink-0 lg:border-l lg:border-line"
    >
      <div className="flex items-center gap-1 border-b border-line pr-2">
        <div
          role="tablist"
          aria-label="Details"
          className="flex min-w-0 flex-1 overflow-x-auto px-1 @min-[520px]:px-2"
          onKeyDown={move}
        >
          {panelTabs.map(({ id, label, icon: Icon }) => (
            <button
              key={id}
              id={`panel-tab-${id}`}
              type="button"
              role="tab"
              aria-selected={id === current.id}
              aria-controls="panel-content"
              title={label}
              tabIndex={id === current.id ? 0 : -1}
              onClick={() => panel.open(id)}
              className={classNames(
                "flex items-center gap-1.5 border-b-2 border-transparent px-2.5 py-2 text-xs whitespace-nowrap text-muted hover:text-text max-md:py-3 @min-[420px]:px-1 @min-[520px]:px-1.5 @min-[520px]:text-[13px] @min-[720px]:px-2 @min-[720px]:text-[length:inherit]",
                id === current.id && "border-accent font-medium text-text",
              )}
            >
              <Icon aria-hidden className="size-4 @min-[420px]:hidden @min-[720px]:block" />
              {/* Where there is no room for all names, the others are told by their icons. */}
              <span className={classNames(id !== current.id && "sr-only @min-[420px]:not-sr-only")}>{label}</span>
            </button>
          ))}
        </div>
        <Button look="quiet" size="icon" aria-label="Close details" title="Close details (])" onClick={panel.close}>
          <X aria-hidden />
        </Button>
      </div>
      <div
        id="panel-content"
        role="tabpanel"
        aria-labelledby={`panel-tab-${current.id}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: where nothing in it can be focused, the keyboard scrolls it
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2"
      >
        {/* One of its own for each tab: with the one before it React would go on showing that tab instead of what is waited for. */}
        <Suspense key={current.id} fallback={<PartSkeleton label={`Loading ${current.label.toLowerCase()}`} />}>
          <Content {...tabProps} />
        </Suspense>
      </div>
    </aside>
  );
}
