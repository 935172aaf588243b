// Where to go after logging in: a page of this server, whatever the address says.

export function safeNextPath(next: string | string[] | undefined): string {
  if (typeof next !== "string") return "/";
  // Browsers read "\" as "/" and drop tabs and line breaks, so anything but a plain path is refused.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) || next.startsWith("/login")) return "/";
  return next;
}
