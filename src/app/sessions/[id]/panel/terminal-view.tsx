// The terminal's screen: xterm.js in the dashboard's colours. What runs in a sandbox can draw in it, and do nothing else.
"use client";

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef } from "react";
import { onThemeChange } from "../../../components/theme.ts";
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
    /** What there is room for; what the terminal has is its smallest viewer's. */
    let room = { columns: drawn.cols, rows: drawn.rows };
    /** A runner of an earlier release tells no size: then it is as large as its place. */
    let told = false;
    const measure = () => {
      const size = fit.proposeDimensions();
      if (!size || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return;
      if (size.cols === room.columns && size.rows === room.rows) return;
      room = { columns: Math.max(2, size.cols), rows: Math.max(2, size.rows) };
      if (!told) drawn.resize(room.columns, room.rows);
      link.current.resize(room);
    };
    withNoncedStyles(() => {
      drawn.open(element);
      measure();
    });
    screen.current = drawn;
    // Keyboards need a way out.
    drawn.attachCustomKeyEventHandler((event) => !(event.key === "Tab" && event.shiftKey));
    const encoder = new TextEncoder();
    drawn.onData((text) => link.current.send(encoder.encode(text)));
    drawn.onBinary((text) => link.current.send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientHeight > 0) measure();
    });
    resized.observe(element);
    const stopRecolouring = onThemeChange(() => {
      drawn.options.theme = terminalTheme(element);
    });
    attach({
      size: () => room,
      resize({ columns, rows }) {
        told = true;
        drawn.resize(columns, rows);
      },
      write: (bytes) => drawn.write(bytes),
      reset: () => drawn.reset(),
    });
    return () => {
      attach(null);
      stopRecolouring();
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
