// What comes from a channel, and why one was closed. Apart from what is parsed with zod, which browsers need not load.

/**
 * Text frames from the server. `begun`: the next output is that of this byte of the terminal, at the beginning and where
 * a slow client missed some. `size`: the terminal's size, which is that of its smallest viewer; at the beginning and when it
 * changes. `refused`: to browsers only, which cannot read why a WebSocket was refused; `status` as of an HTTP answer.
 * Binary frames are output: the first byte is 1 (output) or 2 (error output).
 */
export type ChannelNotice =
  | { type: "begun"; offset: number }
  | { type: "size"; columns: number; rows: number }
  | { type: "exited"; exit_code: number }
  | { type: "refused"; status: number; message: string };
export const OUTPUT_BYTE = 1;
export const ERROR_OUTPUT_BYTE = 2;

/** Why a channel was closed, beside the usual codes. */
export const CLOSE_CODES = {
  /** `exited` was the last. */
  done: 1000,
  /** The server stops or starts anew: come back with `offset`. */
  restart: 1012,
  badMessage: 4400,
  /** It was not opened; `refused` said why. */
  notOpened: 4403,
  /** The key was revoked, or the browser logged out. */
  refused: 4401,
  /** The sandbox ended. Opening a terminal again wakes it, with a new shell. */
  sandboxEnded: 4410,
} as const;
