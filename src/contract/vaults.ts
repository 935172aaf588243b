// Vaults: named sets of credentials, as the API takes and returns them.
import { z } from "zod";
import { listQuery, metadata, metadataPatch } from "./fields.ts";

export type Vault = {
  type: "vault";
  id: string;
  display_name: string;
  metadata: Record<string, string>;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

export const MAX_VAULTS_OF_SESSION = 20;

const displayName = z.string().trim().min(1).max(255);

export const createVaultInput = z.strictObject({ display_name: displayName, metadata: metadata.nullish() });
export const updateVaultInput = z.strictObject({
  display_name: displayName.nullish(),
  metadata: metadataPatch.nullish(),
});
export type CreateVaultInput = z.infer<typeof createVaultInput>;
export type UpdateVaultInput = z.infer<typeof updateVaultInput>;

/** Of vaults and of credentials. */
export const listVaultsQuery = z.strictObject({
  ...listQuery,
  include_archived: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
});
export type ListVaultsQuery = z.infer<typeof listVaultsQuery>;
