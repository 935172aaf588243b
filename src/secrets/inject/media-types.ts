// What kind of body a `Content-Type` tells of. Pure.

export type BodyKind = "json" | "form" | "xml" | "text" | "binary";

/** A body that names no type is text. */
export function bodyKindOf(contentType: string | null): BodyKind {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (/^application\/([^/]*\+)?(json|x-ndjson|ndjson|jsonl|json5|json-seq)$/.test(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (/^[^/]+\/([^/]*\+)?xml$/.test(type)) return "xml";
  if (type === "" || /^text\/|^multipart\/form-data$|^application\/(graphql|javascript|x-sh|yaml|toml)$/.test(type))
    return "text";
  return "binary";
}

/** Within others a value of another length could break what counts bytes. */
export function isTextType(contentType: string | null): boolean {
  return bodyKindOf(contentType) !== "binary";
}
