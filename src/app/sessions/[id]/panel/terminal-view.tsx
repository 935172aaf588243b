// The terminal's screen: xterm.js in the dashboard's colours. What runs in a sandbox can draw in it, and do nothing else.
"use client";

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef } from "react";
import { terminalTheme } from "./terminal-theme.ts";
import type { TerminalLink } from "./use-terminal.ts";
import { withNoncedStyles } from "./with-nonced-styles.ts";

const SCROLLBACK_LINES = 5_000;

export function TerminalView({ terminal, readOnly }: { terminal: TerminalLink; readOnly: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<Terminal | null>(null);
  const link = useRef(terminal);
  link.current = terminal;
  const { attach } = terminal;

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const drawn = new Terminal({
      fontFamily: getComputedStyle(element).fontFamily,
      fontSize: 13,
      scrollback: SCROLLBACK_LINES,
      theme: terminalTheme(element),
      // A link in the output of an agent's program is text.
      linkHandler: { activate: () => undefined },
    });
    const fit = new FitAddon();
    drawn.loadAddon(fit);
    withNoncedStyles(() => {
      drawn.open(element);
      fit.fit();
    });
    screen.current = drawn;
    // Keyboards need a way out.
    drawn.attachCustomKeyEventHandler((event) => !(event.key === "Tab" && event.shiftKey));
    const encoder = new TextEncoder();
    drawn.onData((text) => link.current.send(encoder.encode(text)));
    drawn.onBinary((text) => link.current.send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    drawn.onResize(({ cols, rows }) => link.current.resize({ columns: cols, rows }));
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientHeight > 0) fit.fit();
    });
    resized.observe(element);
    const scheme = window.matchMedia("(prefers-color-scheme: dark)");
    const recolour = () => {
      drawn.options.theme = terminalTheme(element);
    };
    scheme.addEventListener("change", recolour);
    attach({
      size: () => ({ columns: drawn.cols, rows: drawn.rows }),
      write: (bytes) => drawn.write(bytes),
      reset: () => drawn.reset(),
    });
    return () => {
      attach(null);
      scheme.removeEventListener("change", recolour);
      resized.disconnect();
      drawn.dispose();
      screen.current = null;
    };
  }, [attach]);

  useEffect(() => {
    if (screen.current) screen.current.options.disableStdin = readOnly;
  }, [readOnly]);

  return <div ref={place} className="min-h-0 flex-1 overflow-hidden bg-panel p-2 font-mono" />;
}
