// Methods and path prefixes that a credential may be bound to. Pure.
import { isCanonicalPath } from "./inject/credential-scope.ts";

/** In capitals, as requests have it; or what is wrong with it, in words that begin with it. */
export function parseMethod(text: string): { value: string } | { problem: string } {
  const method = text.trim().toUpperCase();
  if (!/^[A-Z][A-Z-]*$/.test(method)) return { problem: `${show(text)} is not a method such as GET` };
  if (method === "CONNECT" || method === "TRACE") return { problem: `${show(text)} is let through for no credential` };
  return { value: method };
}

/** Without a slash at its end: it is for what lies below, and not for what is only written alike. */
export function parsePathPrefix(text: string): { value: string } | { problem: string } {
  const shown = show(text);
  if (!text.startsWith("/")) return { problem: `${shown} must begin with a slash, as in /repos/acme` };
  if (/[?#]/.test(text)) return { problem: `${shown} holds a query or what comes after #: leave it out` };
  if (/[*{}]/.test(text)) return { problem: `${shown} is no pattern: it is for all that lies below it` };
  if (!/^[\x21-\x7e]*$/.test(text))
    return { problem: `${shown} must be written as in a request: a space as %20, other characters as %C3%A9` };
  if (!isCanonicalPath(text))
    return { problem: `${shown} can be read in several ways: leave out dot segments, empty and encoded ones` };
  const prefix = text.replace(/\/$/, "");
  if (prefix === "") return { problem: `${shown} is every path: leave allowed_path_prefixes out, or null` };
  return { value: prefix };
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
