// Terminals and programs in a session's sandbox, over a WebSocket. Berth's own addition.
import { z } from "zod";

const count = z.coerce.number().pipe(z.int().min(2).max(1_000));
const MAX_ARGUMENTS = 1_000;

export const terminalQuery = z.strictObject({
  columns: count.default(80),
  rows: count.default(24),
  /** Bytes of the terminal's output that the client has; what is kept after them comes first. */
  offset: z.coerce.number().pipe(z.int().min(0)).default(0),
});
export const execQuery = z.strictObject({
  /** The program and its arguments; no shell reads them. */
  command: z
    .array(z.string().max(128 * 1024))
    .min(1)
    .max(MAX_ARGUMENTS),
});
/** A terminal's name within its session. */
export const TERMINAL_ID = /^[\w-]{1,64}$/;

/** Text frames to the server; binary frames are input. */
export const channelControl = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("resize"), columns: count, rows: count }),
  /** Only to programs. */
  z.strictObject({ type: z.literal("end_input") }),
  z.strictObject({
    type: z.literal("signal"),
    signal: z.enum(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL"]),
  }),
]);
export type ChannelControl = z.infer<typeof channelControl>;
