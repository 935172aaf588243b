// Requests by their host and what refused them, the last one first. Pure.
import type { EgressRequest } from "../../../../contract/egress-requests.ts";

export type RefusedHost = { key: string; last: EgressRequest; count: number };

/** `requests`: newest first. */
export function refusedHosts(requests: readonly EgressRequest[]): RefusedHost[] {
  const found = new Map<string, RefusedHost>();
  for (const request of requests) {
    const key = `${request.host} ${request.rule}`;
    const known = found.get(key);
    if (known) known.count += 1;
    else found.set(key, { key, last: request, count: 1 });
  }
  return [...found.values()];
}
