// The certificates by which hosts of the outside are verified.
import { readFileSync } from "node:fs";
import { getCACertificates, rootCertificates } from "node:tls";

/** What the system trusts, or Node's own list where it has none, and the operator's file. */
export function trustedCertificates(caFile: string | null): string[] {
  const system = getCACertificates("system");
  const own = caFile === null ? [] : [readFileSync(caFile, "utf8")];
  return [...(system.length > 0 ? system : rootCertificates), ...own];
}
