// What a session's sandbox begins with: repositories. Their tokens are taken and never returned.
import { z } from "zod";
import { NOT_SUPPORTED } from "./fields.ts";

export type Checkout = { type: "branch"; name: string } | { type: "commit"; sha: string };
/** `waiting`: it is cloned before the next tool runs. `failed`: it is tried again in the next turn that runs a tool, or with another token. */
export const RESOURCE_STATUSES = ["waiting", "ready", "failed"] as const;
export type ResourceStatus = (typeof RESOURCE_STATUSES)[number];

export type SessionResource = {
  type: "github_repository";
  id: string;
  /** Canonical, without a query. */
  url: string;
  /** Absolute, in the sandbox. */
  mount_path: string;
  /** Null: the default branch. */
  checkout: Checkout | null;
  /** Berth's own addition. */
  status: ResourceStatus;
  /** Berth's own addition: why it could not be cloned the last time, in words; null while it could. */
  problem: string | null;
  created_at: string;
  updated_at: string;
};

export const MAX_RESOURCES_OF_SESSION = 20;

/** Checked further where it is kept: the rule of secrets. */
const token = z.string().max(65_536);
/** What git takes for the name of a branch, and no option of a command. */
const branchName = z
  .string()
  .max(255)
  .regex(/^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\p{Cc}\s~^:?*[\\]*[^\p{Cc}\s~^:?*[\\./]$/u, {
    error: "is not the name of a branch",
  });
const commitSha = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i, { error: "must be the full SHA of a commit: 40 hexadecimal digits" });
const checkout = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("branch"), name: branchName }),
  z.strictObject({ type: z.literal("commit"), sha: commitSha }),
]);

const repositoryInput = z.strictObject({
  type: z.literal("github_repository"),
  url: z.string().min(1).max(2048),
  authorization_token: token.nullish(),
  checkout: checkout.nullish(),
  mount_path: z.string().max(1024).nullish(),
});
export const sessionResourceInput = z.discriminatedUnion("type", [repositoryInput], {
  error: ({ input }) => {
    const type = typeof input === "object" && input !== null && "type" in input ? input.type : undefined;
    if (type === "file" || type === "memory_store") return `${type} ${NOT_SUPPORTED}: only github_repository is`;
    return "must be github_repository";
  },
});
export type SessionResourceInput = z.infer<typeof sessionResourceInput>;
export const updateSessionResourceInput = z.strictObject({ authorization_token: token });
