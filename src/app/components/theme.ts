// Light, dark, or as the system has it: kept in a cookie, so that the server sends the page in the right one at once.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = "berth_theme";

const CHANGED = "berth:theme-changed";
const YEAR_S = 365 * 24 * 3600;

/** What the cookie says; anything else is as the system has it. */
export function readTheme(cookie: string | undefined): Theme {
  return THEMES.find((theme) => theme === cookie) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is missing in some browsers and over plain HTTP
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${YEAR_S}; samesite=strict${secure}`;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event(CHANGED));
}

export function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme === undefined ? window.matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

/** The answer ends it. */
export function onThemeChange(listener: () => void): () => void {
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    scheme.removeEventListener("change", listener);
    window.removeEventListener(CHANGED, listener);
  };
}
