// The forms in which an answer can give a value back, and what stands there instead. Pure.

export type ValueForm = {
  bytes: Buffer;
  /** What the sandbox reads instead. */
  replacement: Buffer;
  /** The same, in exactly the length of `bytes`: for what has a length that is told already. */
  sameLength: Buffer;
};

/** What is read where a value has no placeholder. */
export const REMOVED = "berth_value_removed";

/** `standIn`: the placeholder, or `REMOVED`; of characters that no encoding changes. */
export function formsOfValue(value: string, standIn: string): ValueForm[] {
  const forms = new Map<string, ValueForm>();
  const add = (form: string, replacement: string, encoded: boolean) => {
    const bytes = Buffer.from(form);
    const key = bytes.toString("latin1");
    if (bytes.length === 0 || forms.has(key)) return;
    const filled = encoded ? "0".repeat(bytes.length) : standIn.slice(0, bytes.length).padEnd(bytes.length, "x");
    forms.set(key, { bytes, replacement: Buffer.from(replacement), sameLength: Buffer.from(filled) });
  };
  for (const text of textForms(value)) add(text, standIn, false);
  const bytes = Buffer.from(value);
  const hex = Buffer.from(standIn).toString("hex");
  add(bytes.toString("hex"), hex, true);
  add(bytes.toString("hex").toUpperCase(), hex.toUpperCase(), true);
  for (const alphabet of ["base64", "base64url"] as const)
    for (const before of [0, 1, 2]) {
      // As long as the value in thirds, so that what follows is still read as it was meant.
      const padded = standIn.padEnd(standIn.length + ((((bytes.length - standIn.length) % 3) + 3) % 3), "_");
      add(coreOfBase64(bytes, before, alphabet), coreOfBase64(Buffer.from(padded), before, alphabet), true);
    }
  return [...forms.values()];
}

/** As it is written where `before` bytes, in thirds, stand in front: without the characters that hold bits of its neighbours. */
function coreOfBase64(bytes: Buffer, before: number, alphabet: "base64" | "base64url"): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  return padded.toString(alphabet).slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6));
}

/** What is written in HTML for some characters, by those who write it: Go's and Handlebars' templates, PHP, Python and others. */
const HTML: readonly Readonly<Record<string, string>>[] = [
  {},
  { '"': "&quot;" },
  { '"': "&quot;", "'": "&#39;" },
  { '"': "&quot;", "'": "&#x27;" },
  { '"': "&quot;", "'": "&#039;" },
  { '"': "&quot;", "'": "&apos;" },
  { '"': "&#34;", "'": "&#39;" },
  { '"': "&#34;", "'": "&#39;", "+": "&#43;" },
  { '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;" },
  { '"': "&quot;", "'": "&#39;", "`": "&#x60;", "=": "&#x3D;", "/": "&#x2F;" },
];

function textForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const escaped = [
    json,
    json.replaceAll("/", "\\/"),
    // As many servers write it, so that it can stand in HTML.
    json.replace(/[<>&]/g, lowerEscape),
    json.replace(/[<>&'=+]/g, lowerEscape),
    json.replace(/[^\x20-\x7e]/g, lowerEscape),
    // .NET, and PHP with its flags for HTML.
    json.replaceAll('\\"', "\\u0022").replace(/[<>&'+`]|[^\x20-\x7e]/g, upperEscape),
    json
      .replaceAll('\\"', "\\u0022")
      .replaceAll("/", "\\/")
      .replace(/[<>&']/g, upperEscape),
    json.replace(/[<>&]/g, upperEscape),
    // Between single quotes.
    value.replaceAll("\\", "\\\\").replaceAll("'", "\\'"),
  ];
  const component = encodeURIComponent(value);
  const strict = strictly(component);
  const form = new URLSearchParams({ x: value }).toString().slice(2);
  const url = [
    ...[component, form, component.replaceAll("%2F", "/"), encodeURI(value)],
    ...[strict, strict.replaceAll("%2F", "/"), strict.replaceAll("%20", "+")],
    // An address within an address.
    ...[encodeURIComponent(component), encodeURIComponent(strict), encodeURIComponent(form)],
  ];
  const html = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [
    value,
    ...escaped,
    // JSON in a text of JSON.
    ...escaped.map((text) => JSON.stringify(text).slice(1, -1)),
    ...url,
    ...url.map((text) => text.replace(/%[0-9A-F]{2}/g, (pair) => pair.toLowerCase())),
    ...HTML.map((entities) => html.replace(/["'+`=/]/g, (character) => entities[character] ?? character)),
  ];
}

function lowerEscape(character: string): string {
  return `\\u${hexOf(character)}`;
}

function upperEscape(character: string): string {
  return `\\u${hexOf(character).toUpperCase()}`;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}

/** RFC 3986 reserves some that `encodeURIComponent` leaves. */
function strictly(component: string): string {
  return component.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
