// Who sent something to a session: a program by its key, or a person in the dashboard.
import { z } from "zod";

export const senderObject = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("api_key"), id: z.string(), name: z.string() }),
  z.strictObject({
    type: z.literal("dashboard"),
    /** How that person logged in: by a one-time link, or with a key. Absent in what earlier releases wrote. */
    logged_in_by: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("link") }),
        z.strictObject({ type: z.literal("api_key"), id: z.string(), name: z.string() }),
      ])
      .optional(),
  }),
]);
export type Sender = z.infer<typeof senderObject>;
