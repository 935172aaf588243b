// Fields that several resources share: metadata, list queries, time filters, and what this release does not do yet.
import { z } from "zod";
import { MAX_METADATA_KEY_LENGTH, MAX_METADATA_KEYS, MAX_METADATA_VALUE_LENGTH } from "./metadata-limits.ts";

export const NOT_SUPPORTED = "is not supported by this release";

/** A list of the API that this release cannot act on: empty is fine, anything else is refused by name. */
export const noneYet = z.array(z.unknown()).max(0, { error: NOT_SUPPORTED }).nullish();

const metadataKey = z.string().min(1).max(MAX_METADATA_KEY_LENGTH);
const metadataValue = z.string().max(MAX_METADATA_VALUE_LENGTH);

export const metadata = z
  .record(metadataKey, metadataValue)
  .refine((bag) => Object.keys(bag).length <= MAX_METADATA_KEYS, { error: `at most ${MAX_METADATA_KEYS} keys` });
/** Null deletes a key. How many keys are left is checked after the patch. */
export const metadataPatch = z.record(metadataKey, metadataValue.nullable());

export const MAX_PAGE = 1000;
/** Query fields of every list. */
export const listQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).optional(),
  page: z.string().max(500).optional(),
};

/** RFC 3339, or the ISO dates that people type. */
const timestamp = z
  .string()
  .refine((text) => /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text)), {
    error: "must be an RFC 3339 time such as 2026-01-31T12:00:00Z",
  })
  .transform((text) => new Date(text));

type Bound = "gt" | "gte" | "lt" | "lte";
/** `created_at[gte]=…`: which bounds a list takes. */
export function timestampFilter<const Bounds extends readonly Bound[]>(bounds: Bounds) {
  const shape = Object.fromEntries(bounds.map((bound) => [bound, timestamp.optional()]));
  // fromEntries forgets the keys; they are exactly `bounds`.
  return z.strictObject(shape as Record<Bounds[number], z.ZodOptional<typeof timestamp>>).optional();
}

/** Applies a patch; null deletes. */
export function patchMetadata(
  bag: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> {
  const patched = { ...bag };
  for (const [key, value] of Object.entries(patch ?? {})) {
    if (value === null) delete patched[key];
    else patched[key] = value;
  }
  return patched;
}
