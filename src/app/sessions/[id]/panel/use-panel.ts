// Which tab of the side panel is open: in the address, so that it can be linked; and kept in the browser for the next session.
"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { useShortcuts } from "../../../components/use-shortcuts.ts";
import { panelTabs } from "./panel-tabs.ts";

const KEY = "berth:panel";
const WIDE = "(min-width: 1280px)";

export type Panel = { tabId: string | null; open: (tabId: string) => void; close: () => void; toggle: () => void };

/** `enabled`: the page is the session's own. Beside an agent's editor there is no room. */
export function usePanel(enabled: boolean): Panel {
  const pathname = usePathname();
  const asked = useSearchParams().get("tab");
  const tabId = enabled && panelTabs.some(({ id }) => id === asked) ? asked : null;

  const show = (tab: string | null) => {
    const { search, hash } = window.location;
    const params = new URLSearchParams(search);
    if (tab === null) params.delete("tab");
    else params.set("tab", tab);
    const query = params.toString();
    // The router follows the address; nothing is asked of the server.
    window.history.replaceState(null, "", pathname + (query ? `?${query}` : "") + hash);
  };
  const open = (tab: string) => {
    localStorage.setItem(KEY, tab);
    show(tab);
  };
  const close = () => {
    localStorage.setItem(KEY, "closed");
    show(null);
  };
  const toggle = () => {
    if (tabId !== null) return close();
    const last = localStorage.getItem(KEY);
    open(last !== null && panelTabs.some(({ id }) => id === last) ? last : "overview");
  };

  useEffect(() => {
    const last = localStorage.getItem(KEY);
    const known = panelTabs.some(({ id }) => id === last);
    const asks = new URLSearchParams(window.location.search).has("tab");
    if (!enabled || !known || asks || !window.matchMedia(WIDE).matches) return;
    window.history.replaceState(null, "", `${window.location.pathname}?tab=${last}${window.location.hash}`);
  }, [enabled]);
  useShortcuts({ "]": toggle }, enabled);
  return { tabId, open, close, toggle };
}
