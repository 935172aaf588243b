// JSON text that Postgres' jsonb takes: it knows neither NUL nor half surrogates, which tools and models do send.

/** As `JSON.stringify`; characters that jsonb refuses become U+FFFD. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify writes exactly these characters as lower-case escapes; a false match only costs time.
  return /\\u0000|\\ud[89a-f]/.test(text) ? JSON.stringify(mend(value)) : text;
}

function mend(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(mend);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [mend(key), mend(entry)]));
}
