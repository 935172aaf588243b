// Reads what a change made out of date, also what is being read for the first time: that answer may be from before the change.
import type { QueryClient } from "@tanstack/react-query";

/** Of queries by the beginning of their keys. */
export function readAgain(queries: QueryClient, queryKey: readonly string[]): void {
  for (const query of queries.getQueryCache().findAll({ queryKey })) {
    // Its client lets a first reading go on, and takes what comes of it for up to date.
    if (query.state.data !== undefined || query.state.fetchStatus !== "fetching") continue;
    const again = () => void queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
    // One that failed is told and tried again where it was asked for.
    query.promise?.then(again, () => undefined);
  }
  void queries.invalidateQueries({ queryKey });
}
