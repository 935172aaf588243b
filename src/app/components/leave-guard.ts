// While something is typed that would be lost, every way off the page asks first: links, keys that lead elsewhere, back and forward,
// closing the tab.
"use client";

/** Asks whether to leave; `go` leaves. */
type Ask = (go: () => void) => void;

let asking: Ask | null = null;

/** For code that leads elsewhere: `go` runs at once, or once somebody has said that it may. */
export function whenFree(go: () => void): void {
  if (asking) asking(go);
  else go();
}

/** Something is typed that would be lost. */
export function isLeavingGuarded(): boolean {
  return asking !== null;
}

/** The answer ends it. */
export function guardLeaving(ask: Ask): () => void {
  const release = new AbortController();
  const { signal } = release;
  const end = () => {
    if (asking === guarded) asking = null;
    release.abort();
  };
  const guarded: Ask = (go) =>
    ask(() => {
      end();
      go();
    });
  asking = guarded;
  window.addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
  // Before the link itself hears of it.
  window.addEventListener("click", (event) => holdLink(event, guarded), { signal, capture: true });
  // Browsers without it ask when the tab is closed, and not before they go back.
  window.navigation?.addEventListener("navigate", (event) => holdTraversal(event, guarded), { signal });
  return end;
}

function holdLink(event: MouseEvent, ask: Ask): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
  if (!link || event.defaultPrevented || !leadsAway(link, event)) return;
  event.preventDefault();
  event.stopPropagation();
  ask(() => link.click());
}

function leadsAway(link: HTMLAnchorElement, { button, ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  if (button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return false;
  if (link.hasAttribute("download") || (link.target !== "" && link.target !== "_self")) return false;
  return isElsewhere(link);
}

/** A place on the same page is no other page. */
function isElsewhere({ origin, pathname, search }: Pick<URL, "origin" | "pathname" | "search">): boolean {
  return origin !== location.origin || pathname !== location.pathname || search !== location.search;
}

function holdTraversal(event: NavigateEvent, ask: Ask): void {
  if (event.navigationType !== "traverse" || !event.cancelable) return;
  if (!isElsewhere(new URL(event.destination.url))) return;
  event.preventDefault();
  const { key } = event.destination;
  ask(() => window.navigation.traverseTo(key));
}
