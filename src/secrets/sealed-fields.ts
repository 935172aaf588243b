// The secret parts of a credential: each is sealed with a data key of its own, and that one with the team's key.
import { randomBytes } from "node:crypto";
import type { SealedField } from "../db/credentials.ts";
import { type Binding, KEY_BYTES, seal, unseal } from "./seal.ts";
import { Secret } from "./secret.ts";
import type { TeamKey } from "./team-keys.ts";

/** Where a value belongs. Under any other place it does not open. */
export type FieldPlace = { teamId: string; vaultId: string; credentialId: string; field: string; version: number };

export function sealField(teamKey: TeamKey, place: FieldPlace, secret: Secret): SealedField {
  const dataKey = randomBytes(KEY_BYTES);
  return {
    field: place.field,
    version: place.version,
    teamKeyId: teamKey.id,
    sealedKey: sealDataKey(teamKey, place, dataKey),
    sealedValue: seal(dataKey, Buffer.from(secret.reveal(), "utf8"), valueBinding(place)),
  };
}

/** Throws `SealBroken`. */
export function openField(
  teamKey: TeamKey,
  place: FieldPlace,
  sealed: Pick<SealedField, "sealedKey" | "sealedValue">,
): Secret {
  const dataKey = openDataKey(teamKey, place, sealed.sealedKey);
  return new Secret(unseal(dataKey, sealed.sealedValue, valueBinding(place)).toString("utf8"));
}

export function sealDataKey(teamKey: TeamKey, place: FieldPlace, dataKey: Buffer): Buffer {
  return seal(teamKey.key, dataKey, keyBinding(teamKey, place));
}

/** Throws `SealBroken`. */
export function openDataKey(teamKey: TeamKey, place: FieldPlace, sealedKey: Uint8Array): Buffer {
  return unseal(teamKey.key, sealedKey, keyBinding(teamKey, place));
}

function keyBinding(teamKey: TeamKey, { teamId, vaultId, credentialId, field, version }: FieldPlace): Binding {
  return ["data key", teamId, vaultId, credentialId, field, version, teamKey.id];
}

function valueBinding({ teamId, vaultId, credentialId, field, version }: FieldPlace): Binding {
  return ["credential", teamId, vaultId, credentialId, field, version];
}
