// Whether what a page is about is not there. It stays so while it is asked for again: the page does not go back to loading.
"use client";

import { useState } from "react";
import { ApiError } from "../../client/api-error.ts";

export function useMissing({ error, isFetching }: { error: unknown; isFetching: boolean }): boolean {
  const [missing, setMissing] = useState(false);
  // A new attempt forgets the failure of the one before.
  const now = isFetching ? missing : error instanceof ApiError && error.status === 404;
  if (now !== missing) setMissing(now);
  return now;
}
