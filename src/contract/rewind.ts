// Going back in a session, and going on from an earlier message in a new one. Berth's own additions.
import { z } from "zod";

/** A `user.message` that the agent has read; the session goes on as if it and what followed had not been said. */
export const rewindInput = z.strictObject({ event_id: z.string().min(1).max(100) });
export type RewindInput = z.infer<typeof rewindInput>;

/** `event_id`: the first message that is left out; absent: nothing is. `title`: the source's when absent. */
export const forkInput = z.strictObject({
  event_id: z.string().min(1).max(100).optional(),
  title: z.string().max(500).nullish(),
});
export type ForkInput = z.infer<typeof forkInput>;
