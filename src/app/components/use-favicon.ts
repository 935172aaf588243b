// The tab's icon tells the state: a dot in the state's colour on the anchor.
"use client";

import { useEffect } from "react";

/** A tab's icon has no theme, so the colours are for any background. */
const dots = { plain: null, running: "#4a78e0", waiting: "#f59e0b", failed: "#dc2626" };
export type FaviconState = keyof typeof dots;

/** Only one place at a time may set it: `active` says whose turn it is. */
export function useFavicon(state: FaviconState, active = true): void {
  useEffect(() => {
    if (!active || dots[state] === null) return;
    // The page's own link belongs to the framework; a later one of the same kind wins over it.
    const link = document.createElement("link");
    Object.assign(link, {
      rel: "icon",
      type: "image/svg+xml",
      href: `data:image/svg+xml,${encodeURIComponent(picture(dots[state]))}`,
    });
    link.setAttribute("sizes", "any");
    link.dataset.state = state;
    document.head.append(link);
    return () => link.remove();
  }, [state, active]);
}

function picture(dot: string | null): string {
  const anchor = `<g fill="none" stroke="#4a78e0" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="5" r="3"/><path d="M12 22V8M5 12H2a10 10 0 0 0 20 0h-3"/></g>`;
  const mark = dot ? `<circle cx="18.5" cy="5.5" r="5.5" fill="${dot}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${anchor}${mark}</svg>`;
}
