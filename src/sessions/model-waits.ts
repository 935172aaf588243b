// Which model requests of this worker wait for a model that says nothing. They keep no place from other work, and of one model there are not too many.
import type { Clock } from "../lib/clock.ts";

/** So many sessions more than there are places are held at most while their models are silent. */
const MAX_SILENT_PER_PLACE = 3;
/** How soon a session that could not ask looks again; the more there are, the later, so that looking costs little. */
const LOOK_AGAIN_MS = 2_000;
const LOOK_AGAIN_EACH_MS = 50;
const MAX_LOOK_AGAIN_MS = 30_000;

/** `others`: how many wait for the same. */
export function lookAgainMs(others: number): number {
  return Math.min(LOOK_AGAIN_MS + others * LOOK_AGAIN_EACH_MS, MAX_LOOK_AGAIN_MS);
}

export type ModelWait = {
  /** The model said something. */
  heard(): void;
  /** The request has ended, however it did. */
  leave(): void;
};

export type ModelWaits = {
  /** A place among the requests to this model; or in how many ms the session should look for one again. */
  enter(input: { sessionId: string; model: string }): ModelWait | { waitMs: number };
  /** Sessions that take no place at present. */
  readonly silent: number;
};

export function createModelWaits(options: {
  /** Requests to one model at once. */
  places: number;
  /** A request that heard nothing for so long waits for somebody else: it uses no more than a connection here. */
  silentAfterMs: number;
  clock: Clock;
  /** One more keeps no place. */
  onSilent: () => void;
}): ModelWaits {
  const { places, silentAfterMs, clock, onSilent } = options;
  const underWay = new Map<string, number>();
  const silent = new Set<ModelWait>();
  /** Those that were sent away, and until when. */
  const away = new Map<string, number>();

  function begin(model: string): ModelWait {
    const over = new AbortController();
    let heardAt = clock.now();
    underWay.set(model, (underWay.get(model) ?? 0) + 1);

    async function watch(): Promise<void> {
      while (!over.signal.aborted) {
        const quietMs = clock.now() - heardAt;
        if (quietMs >= silentAfterMs && !silent.has(wait)) {
          silent.add(wait);
          onSilent();
        }
        await clock.sleep(Math.max(1, silentAfterMs - (quietMs % silentAfterMs)), over.signal);
      }
    }

    const wait: ModelWait = {
      heard() {
        heardAt = clock.now();
        silent.delete(wait);
      },
      leave() {
        if (over.signal.aborted) return;
        over.abort(new Error("the request has ended"));
        silent.delete(wait);
        const left = (underWay.get(model) ?? 1) - 1;
        if (left > 0) underWay.set(model, left);
        else underWay.delete(model);
      },
    };
    watch().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    return wait;
  }

  return {
    enter({ sessionId, model }) {
      const now = clock.now();
      for (const [id, until] of away) if (until <= now || id === sessionId) away.delete(id);
      if ((underWay.get(model) ?? 0) < places) return begin(model);
      const waitMs = lookAgainMs(away.size);
      // Whoever finds no place after all comes back a little later.
      away.set(sessionId, now + 2 * waitMs);
      return { waitMs };
    },
    get silent() {
      return Math.min(silent.size, places * MAX_SILENT_PER_PLACE);
    },
  };
}
