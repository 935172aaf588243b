// The connection to a session's terminal: opened, found again where it was, and told in words.
"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import type { ChannelConnection } from "../../../../client/channels.ts";
import { CLOSE_CODES } from "../../../../contract/channel-frames.ts";
import { goToLoginWhenSignedOut, useBerth } from "../../../providers.tsx";

/** One terminal a session: what one person types the other sees. */
const TERMINAL_ID = "main";
const RETRY_MS = 1_000;
/** A first attempt that fails so often is no accident. */
const REFUSED_AFTER = 3;

export type TerminalState =
  | { is: "connecting" }
  | { is: "open" }
  | { is: "lost" }
  | { is: "exited"; exitCode: number }
  | { is: "sandbox_ended" }
  | { is: "refused"; message: string };

export function terminalWords(state: TerminalState): string {
  switch (state.is) {
    case "connecting":
      return "Opening the terminal; the sandbox is woken if it sleeps…";
    case "open":
      return "Connected to the sandbox";
    case "lost":
      return "Connection lost. Trying again; the shell goes on.";
    case "exited":
      return `The shell ended with ${state.exitCode}.`;
    case "sandbox_ended":
      return "The sandbox ended. A new shell wakes it with its files.";
    case "refused":
      return state.message;
  }
}

/** What draws the terminal; attached once it is there. */
export type Screen = {
  size: () => { columns: number; rows: number };
  write: (bytes: Uint8Array) => void;
  /** Everything comes again from the beginning of what is kept. */
  reset: () => void;
};

export type TerminalLink = ReturnType<typeof useTerminal>;

export function useTerminal(sessionId: string) {
  const berth = useBerth();
  const [state, setState] = useState<TerminalState>({ is: "connecting" });
  const [attempt, setAttempt] = useState(0);
  const [screen, setScreen] = useState<Screen | null>(null);
  const connection = useRef<ChannelConnection | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt is a connection of its own
  useEffect(() => {
    if (!screen) return;
    let offset = 0;
    let failures = 0;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setState({ is: "connecting" });
    screen.reset();

    const end = (how: TerminalState) => {
      over = true;
      setState(how);
    };
    const comeBack = () => {
      setState(offset > 0 ? { is: "lost" } : { is: "connecting" });
      timer = setTimeout(open, RETRY_MS);
    };
    function open() {
      const place = { id: TERMINAL_ID, ...(screen as Screen).size(), offset };
      connection.current = berth.channels.terminal(sessionId, place, {
        onOpen() {
          failures = 0;
          setState({ is: "open" });
        },
        onOutput(bytes) {
          offset += bytes.length;
          screen?.write(bytes);
        },
        onNotice(notice) {
          if (notice.type === "exited") return end({ is: "exited", exitCode: notice.exit_code });
          // Another shell than before, or one that has said more than is kept.
          if (notice.offset !== offset) screen?.reset();
          offset = notice.offset;
        },
        onClose({ code, opened }) {
          connection.current = null;
          if (over) return;
          if (code === CLOSE_CODES.sandboxEnded) return end({ is: "sandbox_ended" });
          if (opened) return comeBack();
          failures += 1;
          void explain().then((refusal) => {
            if (over) return;
            if (refusal !== null && failures >= REFUSED_AFTER) end({ is: "refused", message: refusal });
            else comeBack();
          });
        },
      });
    }
    /** A browser does not tell why a WebSocket was refused; a request of the same kind does. Null: the server is away. */
    async function explain(): Promise<string | null> {
      try {
        await berth.files.sandbox(sessionId);
        return "The terminal could not be opened. The sandbox may not start here: see the settings.";
      } catch (error) {
        goToLoginWhenSignedOut(error);
        return null;
      }
    }
    open();
    return () => {
      over = true;
      clearTimeout(timer);
      connection.current?.close();
      connection.current = null;
    };
  }, [berth, sessionId, screen, attempt]);

  return useMemo(
    () => ({
      state,
      attach: setScreen,
      send: (input: Uint8Array<ArrayBuffer>) => connection.current?.send(input),
      resize: (size: { columns: number; rows: number }) => connection.current?.control({ type: "resize", ...size }),
      reopen: () => setAttempt((count) => count + 1),
    }),
    [state],
  );
}
