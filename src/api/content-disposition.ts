// `Content-Disposition: attachment` for any file name. Source: RFC 6266, RFC 8187.

/** An ASCII name for old clients and the exact one, percent-encoded; neither can end the header or name a directory. */
export function attachmentHeader(name: string): string {
  const ascii = name.replaceAll(/[^A-Za-z0-9._ -]/g, "_").slice(0, 120) || "file";
  // What is left by encodeURIComponent and is not an attr-char.
  const exact = encodeURIComponent(name.toWellFormed().slice(0, 255)).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${exact}`;
}
