// What comes from a channel, and why one was closed. Apart from what is parsed with zod, which browsers need not load.

/**
 * Text frames from the server. `begun`: the next output is that of this byte of the terminal, at the beginning and where
 * a slow client missed some. Binary frames are output: the first byte is 1 (output) or 2 (error output).
 */
export type ChannelNotice = { type: "begun"; offset: number } | { type: "exited"; exit_code: number };
export const OUTPUT_BYTE = 1;
export const ERROR_OUTPUT_BYTE = 2;

/** Why a channel was closed, beside the usual codes. */
export const CLOSE_CODES = {
  /** `exited` was the last. */
  done: 1000,
  /** The server stops or starts anew: come back with `offset`. */
  restart: 1012,
  badMessage: 4400,
  /** The key was revoked, or the browser logged out. */
  refused: 4401,
  /** The sandbox ended. Opening a terminal again wakes it, with a new shell. */
  sandboxEnded: 4410,
} as const;
