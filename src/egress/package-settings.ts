// What package managers of this machine are set to, as an installation in a sandbox gets it: without what is secret. Pure.
import type { PackageSetting } from "./link-protocol.ts";

const CREDENTIAL = /(\/\/)[^/@\s,|]*@([^/:?#\s,|]*)/g;

/** A value may hold several addresses. */
export function readPackageSettings(
  tool: string,
  settings: readonly (readonly [name: string, value: string])[],
): PackageSetting[] {
  return settings.map(([name, value]) => ({
    tool,
    name,
    value: value.replace(CREDENTIAL, "$1$2"),
    passwordFor: [...value.matchAll(CREDENTIAL)][0]?.[2] ?? null,
  }));
}
