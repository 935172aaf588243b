// The dashboard's colours as a terminal's; the sixteen of the terminal can be read on either background.
"use client";

import type { ITheme } from "@xterm/xterm";
import { isDark } from "../../../components/theme.ts";

/** The terminal's names for colours, and the tokens of globals.css. */
const tokens = {
  black: "terminal-black",
  red: "danger",
  green: "good",
  yellow: "waiting",
  blue: "running",
  magenta: "violet",
  cyan: "teal",
  white: "terminal-white",
};

export function terminalTheme(element: Element): ITheme {
  const style = getComputedStyle(element);
  const dark = isDark();
  /** A token holds both its colours. */
  const colour = (token: string) => {
    const value = style.getPropertyValue(`--${token}`).trim();
    const [, inLight, inDark] = /^light-dark\(([^,]+),([^)]+)\)$/.exec(value) ?? [];
    return (dark ? inDark : inLight)?.trim() ?? value;
  };
  const colours = Object.entries(tokens).flatMap(([name, token]) => {
    const bright = `bright${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [name, bright].map((one) => [one, colour(token)]);
  });
  return {
    ...Object.fromEntries(colours),
    background: colour("panel"),
    foreground: colour("text"),
    cursor: colour("text"),
    cursorAccent: colour("panel"),
    selectionBackground: colour("accent"),
    selectionForeground: colour("on-accent"),
  };
}
