// What every room needs: the API client and the cache of its answers.
"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useState } from "react";
import { ApiError } from "../client/api-error.ts";
import { type BerthClient, createBerthClient } from "../client/berth.ts";

const BerthContext = createContext<BerthClient | null>(null);

/** The client of the API on the page's own server. */
export function useBerth(): BerthClient {
  const berth = useContext(BerthContext);
  if (!berth) throw new Error("useBerth needs <Providers> above it");
  return berth;
}

export function Providers({ children }: { children: ReactNode }) {
  const [berth] = useState(() => createBerthClient());
  const [queries] = useState(createQueryClient);
  return (
    <BerthContext value={berth}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </BerthContext>
  );
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: goToLoginWhenSignedOut }),
    mutationCache: new MutationCache({ onError: goToLoginWhenSignedOut }),
    // The client itself tries again; one more layer would only delay the message.
    defaultOptions: { queries: { retry: false, staleTime: 1_000 } },
  });
}

/** The session cookie is gone or too old: log in, then come back to the same page. */
export function goToLoginWhenSignedOut(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  const { pathname, search } = window.location;
  if (pathname !== "/login") window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
