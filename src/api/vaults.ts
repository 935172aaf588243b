// `/v1/vaults`: named sets of credentials, and what is in them. Values go in and never come out.
import { z } from "zod";
import { createCredentialInput, updateCredentialInput } from "../contract/credentials.ts";
import { createVaultInput, listVaultsQuery, updateVaultInput } from "../contract/vaults.ts";
import type { Credentials } from "../secrets/credentials.ts";
import type { ValidateCredential } from "../secrets/validate-credential.ts";
import type { Vaults } from "../secrets/vaults.ts";
import { pageOf } from "./objects.ts";
import type { Input, Routes } from "./route.ts";
import { credentialObject, validationObject, vaultObject } from "./vault-objects.ts";

export function vaultRoutes(
  routes: Routes,
  { vaults, ...rest }: { vaults: Vaults; credentials: Credentials; validateCredential: ValidateCredential },
): void {
  const tag = "Vaults";
  const one = "/v1/vaults/{vault_id}";
  const idOf = ({ params }: Input<unknown, unknown>) => params("vault_id");
  routes.change(
    {
      method: "post",
      path: "/v1/vaults",
      tag,
      summary: "Create a vault",
      body: createVaultInput,
      answer: vaultObject,
    },
    (tx, { teamId, body }) => vaults.create(tx, teamId, body),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/vaults",
      tag,
      summary: "List vaults",
      query: listVaultsQuery,
      answer: pageOf(vaultObject),
    },
    ({ teamId, query }) => vaults.list(teamId, query),
  );
  routes.read({ method: "get", path: one, tag, summary: "Read a vault", answer: vaultObject }, (input) =>
    vaults.get(input.teamId, idOf(input)),
  );
  routes.change(
    { method: "post", path: one, tag, summary: "Change a vault", body: updateVaultInput, answer: vaultObject },
    (tx, input) => vaults.update(tx, input.teamId, { vaultId: idOf(input), input: input.body }),
  );
  routes.change(
    {
      method: "post",
      path: `${one}/archive`,
      tag,
      summary: "Archive a vault: the values in it are gone for good",
      answer: vaultObject,
    },
    (tx, input) => vaults.archive(tx, input.teamId, idOf(input)),
  );
  routes.change(
    {
      method: "delete",
      path: one,
      tag,
      summary: "Delete a vault with all that is in it",
      answer: z.object({ id: z.string(), type: z.literal("vault_deleted") }),
    },
    (tx, input) => vaults.delete(tx, input.teamId, idOf(input)),
  );
  credentialRoutes(routes, rest);
}

function credentialRoutes(
  routes: Routes,
  { credentials, validateCredential }: { credentials: Credentials; validateCredential: ValidateCredential },
): void {
  const tag = "Vaults";
  const all = "/v1/vaults/{vault_id}/credentials";
  const one = `${all}/{credential_id}`;
  const placeOf = ({ teamId, params }: Input<unknown, unknown>) => {
    return { teamId, vaultId: params("vault_id"), credentialId: params("credential_id") };
  };
  routes.change(
    {
      method: "post",
      path: all,
      tag,
      summary: "Put a credential into a vault",
      description: "The value is sealed at once and never returned.",
      body: createCredentialInput,
      answer: credentialObject,
      secretBody: true,
    },
    (tx, { teamId, params, body }) => credentials.create(tx, teamId, { vaultId: params("vault_id"), input: body }),
  );
  routes.read(
    {
      method: "get",
      path: all,
      tag,
      summary: "List the credentials of a vault",
      query: listVaultsQuery,
      answer: pageOf(credentialObject),
    },
    ({ teamId, params, query }) => credentials.list(teamId, { vaultId: params("vault_id"), query }),
  );
  routes.read({ method: "get", path: one, tag, summary: "Read a credential", answer: credentialObject }, (input) =>
    credentials.get(placeOf(input)),
  );
  routes.change(
    {
      method: "post",
      path: one,
      tag,
      summary: "Change a credential, such as by a new value",
      body: updateCredentialInput,
      answer: credentialObject,
      secretBody: true,
    },
    (tx, input) => credentials.update(tx, placeOf(input), input.body),
  );
  routes.change(
    {
      method: "post",
      path: `${one}/archive`,
      tag,
      summary: "Archive a credential: its value is gone for good",
      answer: credentialObject,
    },
    (tx, input) => credentials.archive(tx, placeOf(input)),
  );
  routes.change(
    {
      method: "delete",
      path: one,
      tag,
      summary: "Delete a credential",
      answer: z.object({ id: z.string(), type: z.literal("vault_credential_deleted") }),
    },
    (tx, input) => credentials.delete(tx, placeOf(input)),
  );
  routes.read(
    {
      method: "post",
      path: `${one}/mcp_oauth_validate`,
      tag,
      summary: "Try an mcp_oauth credential at its MCP server",
      description: "When the server refuses the token with 401, it is renewed and tried once more.",
      answer: validationObject,
    },
    async (input) => {
      const place = placeOf(input);
      await credentials.checkCanBeTried(place);
      return validateCredential(place, input.sender);
    },
  );
}
