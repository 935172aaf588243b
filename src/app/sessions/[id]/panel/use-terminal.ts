// The connection to a session's terminal: opened, found again where it was, and told in words.
"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../../../client/api-error.ts";
import type { ChannelConnection } from "../../../../client/channels.ts";
import { CLOSE_CODES } from "../../../../contract/channel-frames.ts";
import { goToLoginWhenSignedOut, useBerth } from "../../../providers.tsx";
import { type Refusal, refusalOf } from "./terminal-refusal.ts";
import type { TerminalState } from "./terminal-state.ts";

/** One terminal a session: what one person types the other sees. */
const TERMINAL_ID = "main";
const RETRY_MS = 1_000;

/** What draws the terminal; attached once it is there. */
export type Screen = {
  size: () => { columns: number; rows: number };
  write: (bytes: Uint8Array) => void;
  /** The terminal's size, which is that of its smallest viewer. */
  resize: (size: { columns: number; rows: number }) => void;
  /** Everything comes again from the beginning of what is kept. */
  reset: () => void;
};

export type TerminalLink = ReturnType<typeof useTerminal>;

export function useTerminal(sessionId: string) {
  const berth = useBerth();
  const [state, setState] = useState<TerminalState>({ is: "connecting", why: null });
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
    setState({ is: "connecting", why: null });
    screen.reset();

    const end = (how: TerminalState) => {
      over = true;
      setState(how);
    };
    const comeBack = (why: string | null) => {
      setState({ is: offset > 0 ? "lost" : "connecting", why });
      timer = setTimeout(open, RETRY_MS);
    };
    const refuse = ({ final, message }: Refusal) => {
      if (over) return;
      if (final) end({ is: "refused", message });
      else comeBack(message);
    };
    function open() {
      const place = { id: TERMINAL_ID, ...(screen as Screen).size(), offset };
      let refused: { status: number; message: string } | null = null;
      connection.current = berth.channels.terminal(sessionId, place, {
        onOpen: () => undefined,
        onOutput(bytes) {
          offset += bytes.length;
          screen?.write(bytes);
        },
        onNotice(notice) {
          if (notice.type === "exited") return end({ is: "exited", exitCode: notice.exit_code });
          if (notice.type === "size") return screen?.resize(notice);
          if (notice.type === "refused") {
            refused = notice;
            return;
          }
          failures = 0;
          setState({ is: "open" });
          // The place may have got another size while the sandbox was woken.
          const { columns, rows } = (screen as Screen).size();
          if (columns !== place.columns || rows !== place.rows)
            connection.current?.control({ type: "resize", columns, rows });
          // Another shell than before, or one that has said more than is kept.
          if (notice.offset !== offset) screen?.reset();
          offset = notice.offset;
        },
        onClose({ code, opened }) {
          connection.current = null;
          if (over) return;
          if (code === CLOSE_CODES.sandboxEnded) return end({ is: "sandbox_ended" });
          if (refused) return refuse(refusalOf(refused, ++failures));
          if (opened && code !== CLOSE_CODES.refused) return comeBack(null);
          void explain().then(refuse);
        },
      });
    }
    /** A browser does not tell why a WebSocket was refused; a request of the same kind does. While the server is away nothing is counted. */
    async function explain(): Promise<Refusal> {
      try {
        await berth.files.sandbox(sessionId);
        return refusalOf({ status: 503, message: "The terminal could not be opened. Trying again." }, ++failures);
      } catch (error) {
        goToLoginWhenSignedOut(error);
        if (error instanceof ApiError) return refusalOf(error, ++failures);
        return { final: false, message: "Berth does not answer. Trying again; the shell goes on." };
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
