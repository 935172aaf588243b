// Metadata as the rows of a form, and how they become what the API takes. Pure.
import { MAX_METADATA_KEYS } from "../../contract/metadata-limits.ts";

export type MetadataRow = { key: string; value: string };
type Bag = Readonly<Record<string, string>>;

/** `reserved`: keys that have a field of their own. */
export function toRows(bag: Bag, reserved: readonly string[] = []): MetadataRow[] {
  return Object.entries(bag).flatMap(([key, value]) => (reserved.includes(key) ? [] : [{ key, value }]));
}

/** What is wrong, in words; null when it can be sent. Rows without anything in them do not count. */
export function findMetadataProblem(rows: readonly MetadataRow[], reserved: readonly string[] = []): string | null {
  const filled = rows.filter(isFilled);
  const keys = filled.map(({ key }) => key.trim());
  if (keys.includes("")) return "Each value needs a name.";
  const own = keys.find((key) => reserved.includes(key));
  if (own !== undefined) return `“${own}” has a field of its own.`;
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) return `“${twice}” is there twice.`;
  if (keys.length + reserved.length > MAX_METADATA_KEYS)
    return `At most ${MAX_METADATA_KEYS - reserved.length} of them.`;
  return null;
}

/** For something new. */
export function toBag(rows: readonly MetadataRow[]): Record<string, string> {
  return Object.fromEntries(rows.filter(isFilled).map(({ key, value }) => [key.trim(), value]));
}

/** What makes `before` like the rows: null deletes a key. Keys with a field of their own are left alone. */
export function toPatch(
  rows: readonly MetadataRow[],
  before: Bag,
  reserved: readonly string[] = [],
): Record<string, string | null> {
  const bag = toBag(rows);
  const gone = toRows(before, reserved).filter(({ key }) => !(key in bag));
  return { ...bag, ...Object.fromEntries(gone.map(({ key }) => [key, null])) };
}

function isFilled({ key, value }: MetadataRow): boolean {
  return key.trim() !== "" || value !== "";
}
