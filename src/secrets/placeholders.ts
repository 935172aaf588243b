// Placeholders: what a sandbox holds in the place of a value. Random, one for each session and credential.
import { randomBytes } from "node:crypto";
import { type Database, inTransaction } from "../db/database.ts";
import { type EffectiveVariable, listEffectiveVariables, putPlaceholder } from "../db/session-credentials.ts";
import { PLACEHOLDER_PREFIX } from "./secret-value.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_CHARACTERS = 32;
/** Finds every placeholder in a text, whoever's it is, also one whose credential is gone. */
export const PLACEHOLDER = new RegExp(`${PLACEHOLDER_PREFIX}[0-9a-z]{${RANDOM_CHARACTERS}}`, "g");

/** 160 random bits; derived from nothing. */
export function newPlaceholder(): string {
  return PLACEHOLDER_PREFIX + Array.from(randomBytes(RANDOM_CHARACTERS), (byte) => ALPHABET[byte % 32]).join("");
}

/** The variables of a session's sandbox: names to placeholders. Made when they are first asked for, and the same from then on. */
export async function sandboxVariables(db: Database, sessionId: string): Promise<Record<string, string>> {
  const known = await listEffectiveVariables(db, sessionId);
  if (known.every(({ placeholder }) => placeholder !== null)) return toVariables(known);
  return inTransaction(db, async (tx) => {
    for (const variable of await listEffectiveVariables(tx, sessionId)) {
      if (variable.placeholder !== null) continue;
      await putPlaceholder(tx, { sessionId, credentialId: variable.credentialId, placeholder: newPlaceholder() });
    }
    return toVariables(await listEffectiveVariables(tx, sessionId));
  });
}

function toVariables(variables: readonly EffectiveVariable[]): Record<string, string> {
  return Object.fromEntries(variables.flatMap(({ name, placeholder }) => (placeholder ? [[name, placeholder]] : [])));
}
