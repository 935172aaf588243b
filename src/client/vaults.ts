// `/v1/vaults`: named sets of credentials, and what is in them.
import type { CreateCredentialInput, Credential, UpdateCredentialInput } from "../contract/credentials.ts";
import type { CreateVaultInput, UpdateVaultInput, Vault } from "../contract/vaults.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

type ListQuery = { limit?: number; page?: string; include_archived?: boolean };

export function createVaultsClient(transport: Transport) {
  const path = (vaultId: string) => `/v1/vaults/${encodeURIComponent(vaultId)}`;
  const inVault = (vaultId: string, credentialId: string) =>
    `${path(vaultId)}/credentials/${encodeURIComponent(credentialId)}`;
  return {
    create: (input: CreateVaultInput) => transport.json<Vault>("POST", "/v1/vaults", { body: input }),
    get: (vaultId: string, signal?: AbortSignal) =>
      transport.json<Vault>("GET", path(vaultId), signal ? { signal } : {}),
    update: (vaultId: string, input: UpdateVaultInput) => transport.json<Vault>("POST", path(vaultId), { body: input }),
    /** The values in it are gone for good. */
    archive: (vaultId: string) => transport.json<Vault>("POST", `${path(vaultId)}/archive`),
    /** With all that is in it. */
    delete: (vaultId: string) => transport.json<{ id: string; type: "vault_deleted" }>("DELETE", path(vaultId)),
    list: (query: ListQuery = {}, signal?: AbortSignal) =>
      transport.json<Page<Vault>>("GET", "/v1/vaults", { query, ...(signal ? { signal } : {}) }),
    credentials: {
      /** The value is never returned. */
      create: (vaultId: string, input: CreateCredentialInput) =>
        transport.json<Credential>("POST", `${path(vaultId)}/credentials`, { body: input }),
      update: (vaultId: string, credentialId: string, input: UpdateCredentialInput) =>
        transport.json<Credential>("POST", inVault(vaultId, credentialId), { body: input }),
      /** Its value is gone for good. */
      archive: (vaultId: string, credentialId: string) =>
        transport.json<Credential>("POST", `${inVault(vaultId, credentialId)}/archive`),
      delete: (vaultId: string, credentialId: string) =>
        transport.json<{ id: string; type: "vault_credential_deleted" }>("DELETE", inVault(vaultId, credentialId)),
      list: (vaultId: string, query: ListQuery = {}, signal?: AbortSignal) =>
        transport.json<Page<Credential>>("GET", `${path(vaultId)}/credentials`, {
          query,
          ...(signal ? { signal } : {}),
        }),
    },
  };
}
