// `/v1/licences`: what the server's release is built with.
import type { LicenceList } from "../contract/licences.ts";
import type { Transport } from "./transport.ts";

export function createLicencesClient(transport: Transport) {
  return {
    list: (signal?: AbortSignal) => transport.json<LicenceList>("GET", "/v1/licences", signal ? { signal } : {}),
  };
}
