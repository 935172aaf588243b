// The wire between the worker's backend and sandboxd: what is asked and answered, parsed on both sides.
import { z } from "zod";

/** What is too little to work with, the configuration knows. */
export const limitsSchema = z.object({
  memoryMb: z.number().int().positive(),
  cpus: z.number().positive(),
  pids: z.number().int().positive(),
  diskMb: z.number().int().positive(),
});

/** A worker of an earlier release does not tell. */
const packageSetSchema = z.object({
  teamId: z.string().min(1),
  lists: z.record(z.string(), z.array(z.string())),
});

export const specSchema = z.object({
  limits: limitsSchema,
  env: z.record(z.string(), z.string()),
  packages: packageSetSchema.exactOptional(),
  seed: z.object({ name: z.string().min(1), wantedBytes: z.number().nonnegative() }).exactOptional(),
});

export const installSchema = z.object({ set: packageSetSchema, sessionId: z.string() });

/** Which life of a sandbox is meant; without it, whichever runs. */
export const lifeSchema = z.object({ socketPath: z.string() }).partial();

export const accessSchema = z.object({ identity: z.string(), socketPath: z.string(), token: z.string() });

export const infoListSchema = z.array(
  z.object({
    name: z.string(),
    identity: z.string(),
    state: z.enum(["running", "hibernated"]),
    lastUsedAt: z.number(),
    // A sandboxd of an earlier release does not tell.
    memoryBytes: z.number().nullable().default(null),
    setAsideAt: z.number().nullable().default(null),
  }),
);

export const selfTestSchema = z.object({
  usable: z.boolean(),
  checks: z.array(z.object({ name: z.string(), holds: z.boolean(), required: z.boolean(), detail: z.string() })),
  remedy: z.string().nullable(),
});

/** Failures keep their code across the socket. */
export const failureSchema = z.object({
  code: z.enum(["invalid_request", "packages_failed", "sandbox_gone", "sandbox_unavailable", "internal"]),
  message: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

/** Lines of the answer to an installation: any number of `progress`, then one of the others. */
export const installLineSchema = z.union([
  z.object({ progress: z.object({ manager: z.string(), packages: z.array(z.string()) }) }),
  z.object({ done: z.object({ now: z.boolean() }) }),
  z.object({ failed: failureSchema }),
]);
export type InstallLine = z.infer<typeof installLineSchema>;
