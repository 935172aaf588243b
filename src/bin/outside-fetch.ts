// How this process asks hosts of the outside: by the operator's settings, through the dial guard.
import { createDialGuard } from "../egress/dial-guard.ts";
import { createGuardedFetch, type GuardedFetch } from "../egress/guarded-fetch.ts";
import { listOf } from "../egress/refused-addresses.ts";
import type { Config } from "./config.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

export function openOutsideFetch({ namedHosts, refusedRanges, caFile }: Config["egress"]): GuardedFetch {
  return createGuardedFetch({
    guard: createDialGuard({ namedHosts, refusedRanges: listOf(refusedRanges) }),
    trusted: trustedCertificates(caFile),
  });
}
