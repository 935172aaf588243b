// Variables in bodies: replaced where the credential says so, in the form that the body has; elsewhere a placeholder does not leave.
import type { Transform } from "node:stream";
import type { SessionCredential } from "../session-credentials.ts";
import type { ScopedRequest } from "./credential-scope.ts";
import { InjectionRefused } from "./injection-refused.ts";
import { type BodyKind, bodyKindOf } from "./media-types.ts";
import { createPlaceholderStream, type OnPlaceholder, swapWhole } from "./placeholder-stream.ts";
import { headerOf, type RawHeaders } from "./raw-headers.ts";
import { valueFor } from "./swap-placeholders.ts";

/** A body of a told length up to this is read whole, so that its new length can be told; longer ones go in chunks. */
export const MAX_WHOLE_BODY_BYTES = 1024 * 1024;

export type BodyChange =
  /** Instead of what the program sent. */
  | { whole: Buffer }
  /** What it goes through. `keepsLength`: as many bytes come out. */
  | { through: Transform; keepsLength: boolean };

export type OutgoingBody = {
  /** Null: it is told at its end only. */
  lengthBytes: number | null;
  /** Rejects for one that is longer. */
  read(limitBytes: number): Promise<Buffer>;
};

/**
 * Null: it goes as it is, since nobody can look into it. `used`: grows with the names of what is put in. `readUpTo`: it is
 * needed whole, and may have as many bytes.
 */
export async function changeBody(about: {
  credentials: readonly SessionCredential[];
  target: ScopedRequest;
  headers: RawHeaders;
  body: OutgoingBody;
  used: string[];
  readUpTo: number | null;
}): Promise<BodyChange | null> {
  const { credentials, target, headers, body, used, readUpTo } = about;
  const encoding = headerOf(headers, "content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "")
    return readUpTo === null ? null : { whole: await body.read(readUpTo) };
  const kind = bodyKindOf(headerOf(headers, "content-type"));
  const put: OnPlaceholder = (placeholder) => {
    const { value, name } = valueFor(placeholder, { credentials, target, place: "body" });
    if (kind === "binary")
      throw new InjectionRefused(
        "placeholder_place",
        `The credential ${name} is put into bodies of JSON, forms, XML and text only; what else counts bytes would break.`,
        { detail: name },
      );
    used.push(name);
    return Buffer.from(WRITERS[kind](value));
  };
  if (readUpTo !== null) return { whole: swapWhole(await body.read(readUpTo), put) };
  const mayChange = credentials.some(
    ({ auth }) => auth.type === "environment_variable" && auth.injection_location.body,
  );
  if (!mayChange) return { through: createPlaceholderStream(put), keepsLength: true };
  if (body.lengthBytes !== null && body.lengthBytes <= MAX_WHOLE_BODY_BYTES)
    return { whole: swapWhole(await body.read(MAX_WHOLE_BODY_BYTES), put) };
  return { through: createPlaceholderStream(put), keepsLength: false };
}

/** How a value is written within a body of this kind, so that it stays one value. */
const WRITERS: Readonly<Record<Exclude<BodyKind, "binary">, (value: string) => string>> = {
  json: (value) => JSON.stringify(value).slice(1, -1),
  form: (value) => new URLSearchParams({ x: value }).toString().slice(2),
  xml: (value) => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  text: (value) => value,
};
