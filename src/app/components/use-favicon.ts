// The tab's icon tells the state: a dot in the state's colour on the anchor.
"use client";

import { useEffect } from "react";

/** The colour of each state's dot, by its token in globals.css. */
const dots = { plain: null, running: "icon", waiting: "icon-waiting", failed: "icon-failed" };
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

function picture(dot: string): string {
  const style = getComputedStyle(document.documentElement);
  const colour = (token: string) => style.getPropertyValue(`--${token}`).trim();
  const anchor = `<g fill="none" stroke="${colour("icon")}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="5" r="3"/><path d="M12 22V8M5 12H2a10 10 0 0 0 20 0h-3"/></g>`;
  const mark = `<circle cx="18.5" cy="5.5" r="5.5" fill="${colour(dot)}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${anchor}${mark}</svg>`;
}
