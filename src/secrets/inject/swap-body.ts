// Variables in bodies: replaced where the credential says so, in the form that the body has; elsewhere a placeholder does not leave.
import type { Transform } from "node:stream";
import type { SessionCredential } from "../session-credentials.ts";
import { createPlaceholderStream, type OnPlaceholder, swapWhole } from "./placeholder-stream.ts";
import { headerOf, type RawHeaders } from "./raw-headers.ts";
import { type Target, valueFor } from "./swap-placeholders.ts";

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
  target: Target;
  headers: RawHeaders;
  body: OutgoingBody;
  used: string[];
  readUpTo: number | null;
}): Promise<BodyChange | null> {
  const { credentials, target, headers, body, used, readUpTo } = about;
  const encoding = headerOf(headers, "content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "")
    return readUpTo === null ? null : { whole: await body.read(readUpTo) };
  const write = writerFor(headerOf(headers, "content-type") ?? "");
  const put: OnPlaceholder = (placeholder) => {
    const { value, name } = valueFor(placeholder, { credentials, target, place: "body" });
    used.push(name);
    return Buffer.from(write(value));
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

/** How a value is written within a body of this type, so that it stays one value. */
function writerFor(contentType: string): (value: string) => string {
  const type = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (/^application\/(.*\+)?json$|^application\/(x-ndjson|json5|jsonl)$/.test(type))
    return (value) => JSON.stringify(value).slice(1, -1);
  if (type === "application/x-www-form-urlencoded")
    return (value) => new URLSearchParams({ x: value }).toString().slice(2);
  if (/[/+]xml$/.test(type))
    return (value) =>
      value
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;")
        .replaceAll("'", "&apos;");
  return (value) => value;
}
