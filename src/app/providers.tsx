// What every room needs: the API client, the cache of its answers, and what keeps them live.
"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useState } from "react";
import { ApiError } from "../client/api-error.ts";
import { type BerthClient, createBerthClient } from "../client/berth.ts";
import { createServerClock, type ServerClock } from "../client/server-clock.ts";
import { createLiveLink, type LiveLink } from "./live/live-link.ts";
import { openFeed } from "./live/open-feed.ts";
import { noteSignedOut } from "./login/signed-out-note.ts";

const BerthContext = createContext<BerthClient | null>(null);
const ClockContext = createContext<ServerClock | null>(null);
const LiveContext = createContext<LiveLink | null>(null);

/** The client of the API on the page's own server. */
export function useBerth(): BerthClient {
  const berth = useContext(BerthContext);
  if (!berth) throw new Error("useBerth needs <Providers> above it");
  return berth;
}

/** How far the server's clock is from the browser's. */
export function useServerClock(): ServerClock {
  const clock = useContext(ClockContext);
  if (!clock) throw new Error("useServerClock needs <Providers> above it");
  return clock;
}

/** What changes on the server, as it changes. */
export function useLive(): LiveLink {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive needs <Providers> above it");
  return live;
}

/** `staged`: another server than the page's own, for looking at rooms whose answers are made up. */
type ProvidersProps = { children: ReactNode; staged?: { berth: BerthClient; live: LiveLink } };

export function Providers({ children, staged }: ProvidersProps) {
  const [clock] = useState(createServerClock);
  const [berth] = useState(() => staged?.berth ?? createBerthClient({ onServerTime: clock.observe }));
  const [live] = useState(
    () => staged?.live ?? createLiveLink((onMessage) => openFeed(berth.sessions.stream, onMessage)),
  );
  const [queries] = useState(createQueryClient);
  return (
    <BerthContext value={berth}>
      <ClockContext value={clock}>
        <LiveContext value={live}>
          <QueryClientProvider client={queries}>{children}</QueryClientProvider>
        </LiveContext>
      </ClockContext>
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
  if (pathname === "/login") return;
  noteSignedOut(error.message);
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
