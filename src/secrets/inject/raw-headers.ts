// Headers as name and value in turns, the way they travel. Pure.

export type RawHeaders = readonly string[];

export function* pairsOf(raw: RawHeaders): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index] ?? "", raw[index + 1] ?? ""];
}

/** The first one; null: there is none. */
export function headerOf(raw: RawHeaders, wanted: string): string | null {
  for (const [name, value] of pairsOf(raw)) if (name.toLowerCase() === wanted) return value;
  return null;
}

export function withoutHeaders(raw: RawHeaders, goes: (lowerName: string) => boolean): string[] {
  return [...pairsOf(raw)].flatMap(([name, value]) => (goes(name.toLowerCase()) ? [] : [name, value]));
}

/** In the place of every header of that name: what was there is gone, never merged. */
export function replaceHeader(raw: RawHeaders, name: string, value: string): string[] {
  const lower = name.toLowerCase();
  return [...withoutHeaders(raw, (other) => other === lower), name, value];
}
