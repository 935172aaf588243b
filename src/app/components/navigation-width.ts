// How wide the navigation is: kept in a cookie, so that the server draws it right from the start and nothing jumps.

export type NavigationWidth = "wide" | "narrow";

export const NAVIGATION_COOKIE = "berth_navigation";
const YEAR_S = 31_536_000;

export function readNavigation(cookie: string | undefined): NavigationWidth {
  return cookie === "narrow" ? "narrow" : "wide";
}

export function keepNavigation(width: NavigationWidth): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the CookieStore is missing on pages by plain HTTP
  document.cookie = `${NAVIGATION_COOKIE}=${width}; path=/; max-age=${YEAR_S}; samesite=strict`;
}
