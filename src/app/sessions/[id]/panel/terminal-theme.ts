// The dashboard's colours as a terminal's; the sixteen of the terminal can be read on either background.
"use client";

import type { ITheme } from "@xterm/xterm";
import { isDark } from "../../../components/theme.ts";

const light = {
  black: "#1c1c1a",
  red: "#b3261e",
  green: "#1b6e3c",
  yellow: "#8a4b00",
  blue: "#2450b5",
  magenta: "#8a2f8f",
  cyan: "#0b6673",
  white: "#62625c",
};
const dark = {
  black: "#5c5c56",
  red: "#ff8f87",
  green: "#7fd6a0",
  yellow: "#f0b95e",
  blue: "#9db8ff",
  magenta: "#e3a1e6",
  cyan: "#7ccfdb",
  white: "#e8e8e4",
};

export function terminalTheme(element: Element): ITheme {
  const style = getComputedStyle(element);
  const darkNow = isDark();
  /** A token holds both its colours. */
  const token = (name: string) => {
    const value = style.getPropertyValue(`--${name}`).trim();
    const [, inLight, inDark] = /^light-dark\(([^,]+),([^)]+)\)$/.exec(value) ?? [];
    return (darkNow ? inDark : inLight)?.trim() ?? value;
  };
  const colours = darkNow ? dark : light;
  const bright = Object.fromEntries(
    Object.entries(colours).map(([name, value]) => [`bright${name.charAt(0).toUpperCase()}${name.slice(1)}`, value]),
  );
  return {
    ...colours,
    ...bright,
    background: token("panel"),
    foreground: token("text"),
    cursor: token("text"),
    cursorAccent: token("panel"),
    selectionBackground: token("accent"),
    selectionForeground: token("on-accent"),
  };
}
