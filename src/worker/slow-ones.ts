// Work for one sandbox after the other, of which none keeps the others waiting: what takes long goes on by itself.
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

/** That take long, of one team and in all: each holds memory and a lease. */
const TEAM_SLOW = 2;
const ALL_SLOW = 8;

export type Whose = { name: string; teamId: string };
/** Who is not to be begun with now. */
export type Except = { names: readonly string[]; teamIds: readonly string[] };

export type SlowOnes = {
  /** What the work comes to. Null: it takes longer than `patienceMs` and goes on by itself, or there are too many of these already. */
  run<T>(whose: Whose, work: () => Promise<T>): Promise<T | null>;
  /** Not tried again for so long. */
  putOff(name: string, forMs: number): void;
  except(): Except;
};

export function createSlowOnes(options: { patienceMs: number; now: () => number; logger: Logger }): SlowOnes {
  const { patienceMs, now, logger } = options;
  const underWay = new Map<string, string>();
  const later = new Map<string, number>();

  const countOf = (teamId: string) => [...underWay.values()].filter((one) => one === teamId).length;
  const isFull = (teamId: string) => underWay.size >= ALL_SLOW || countOf(teamId) >= TEAM_SLOW;

  return {
    async run({ name, teamId }, work) {
      if (underWay.has(name) || isFull(teamId)) return null;
      underWay.set(name, teamId);
      const settled = work().finally(() => underWay.delete(name));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(() => {
          logger.info(
            { sandboxId: name },
            "a sandbox takes long to be kept or put to sleep; the others go on meanwhile",
          );
          // Nobody hears of its end any more.
          settled.catch((error: unknown) => {
            logger.warn({ sandboxId: name, reason: messageOf(error) }, "a sandbox could not be kept or put to sleep");
          });
          resolve(null);
        }, patienceMs);
      });
      try {
        return await Promise.race([settled, late]);
      } finally {
        clearTimeout(timer);
      }
    },
    putOff: (name, forMs) => void later.set(name, now() + forMs),
    except() {
      for (const [name, until] of later) if (until <= now()) later.delete(name);
      const teamIds = [...new Set(underWay.values())].filter(isFull);
      return { names: [...underWay.keys(), ...later.keys()], teamIds };
    },
  };
}
