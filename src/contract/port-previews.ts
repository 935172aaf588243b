// Ports of a session's sandbox, and links to them. Berth's own addition beside the Managed Agents API.
import { z } from "zod";

const WORDS = "must be a whole number from 1 to 65535";
const port = z.int({ error: WORDS }).min(1, { error: WORDS }).max(65_535, { error: WORDS });

export const portPreviewInput = z.strictObject({ port });

/** `url`: good for one visit until `expires_at`, by whoever has it; null when the answer is repeated for an Idempotency-Key. */
export const portPreviewObject = z.strictObject({
  type: z.literal("port_preview"),
  session_id: z.string(),
  port,
  url: z.string().nullable(),
  expires_at: z.iso.datetime(),
});
export type PortPreview = z.infer<typeof portPreviewObject>;

/** `program`: what its process calls itself; null where that is not known. Nothing listens in a sandbox that does not run. */
export const listeningPorts = z.strictObject({
  session_id: z.string(),
  sandbox: z.enum(["none", "running", "hibernated"]),
  data: z.array(z.strictObject({ type: z.literal("listening_port"), port, program: z.string().nullable() })),
});
export type ListeningPorts = z.infer<typeof listeningPorts>;
