// A value that must not be found anywhere, and every form in which it would still be one that somebody can use.

/** Holds what URLs, JSON and HTML write otherwise. */
export function newCanary(name: string): string {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join("");
  return `canary-${name}/${random}+&="<%>\\ end`;
}

/** Name to text: raw, as URLs, JSON and HTML write it, hexadecimal, and as base64 wherever it begins in what is encoded. */
export function formsOf(value: string): Record<string, string> {
  const bytes = Buffer.from(value);
  const forms: Record<string, string> = {
    raw: value,
    json: JSON.stringify(value).slice(1, -1),
    "json in json": JSON.stringify(JSON.stringify(value)).slice(3, -3),
    url: encodeURIComponent(value),
    form: new URLSearchParams({ x: value }).toString().slice(2),
    html: value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    hex: bytes.toString("hex"),
    HEX: bytes.toString("hex").toUpperCase(),
  };
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    // What the neighbours would change is cut off at both ends.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    forms[`base64 at ${before}`] = padded.toString("base64").slice(from, to);
    forms[`base64url at ${before}`] = padded.toString("base64url").slice(from, to);
  }
  return forms;
}

/** Where canaries are found, by the name of the form. */
export function findForms(bytes: Uint8Array, values: readonly string[]): string[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return values.flatMap((value) => {
    // Of a plain value several are the same text.
    const names = new Map(Object.entries(formsOf(value)).map(([name, form]) => [form, name]));
    return [...names]
      .filter(([form]) => haystack.includes(form))
      .map(([, name]) => `${value.slice(0, 20)}… as ${name}`);
  });
}

/** In all of these places. Expected to be nowhere. */
export function findIn(swept: readonly { place: string; bytes: Uint8Array }[], values: readonly string[]): string[] {
  return swept.flatMap(({ place, bytes }) => findForms(bytes, values).map((form) => `${place}: ${form}`));
}
