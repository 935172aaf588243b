// In place of a page whose code did not come: says so, and asks for the page until it is there.
"use client";

import { useEffect, useEffectEvent, useState } from "react";
import { systemClock } from "../../lib/clock.ts";
import { EmptyState } from "../components/empty-state.tsx";
import { pauseAfter } from "./load-part.ts";
import { askServedBuild } from "./served-build.ts";

/** So long after the last failure a new one is another trouble. */
const FORGET_MS = 30_000;
/** Each attempt is drawn anew, so what came before it is kept here. */
let last = { at: Number.NEGATIVE_INFINITY, failures: 0 };

/** `retry` asks the server for the page: of another build than this tab's it loads itself anew, which the router sees to. */
export function PageAway({ retry }: { retry: () => void }) {
  const [away, setAway] = useState(true);
  const tryAgain = useEffectEvent(retry);
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      for (;;) {
        const now = systemClock.now();
        last = { at: now, failures: now - last.at > FORGET_MS ? 0 : last.failures + 1 };
        await systemClock.sleep(pauseAfter(last.failures), left.signal);
        const served = await askServedBuild(left.signal);
        if (left.signal.aborted) return;
        setAway(served === null);
        if (served !== null) tryAgain();
      }
    };
    ask().catch((error: unknown) => {
      if (!left.signal.aborted) throw error;
    });
    return () => left.abort();
  }, []);
  return (
    <div role="status">
      <EmptyState alone title={away ? "The server does not answer" : "This page could not be loaded"}>
        <p>Trying again. The page comes by itself.</p>
      </EmptyState>
    </div>
  );
}
