// Code of the dashboard that is loaded beside a page. A part that does not come is asked for again, for as long as it takes; one that an
// update took away comes with the page itself, loaded anew.
import { systemClock } from "../../lib/clock.ts";
import { isLeavingGuarded } from "../components/leave-guard.ts";
import { askServedBuild, ownBuild } from "./served-build.ts";

/** `away`: the server does not answer. `failing`: it does, and has the part. `gone`: it has another build, and somebody has to say when to load it. */
export type PartTrouble = "away" | "failing" | "gone";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Builds that this tab has loaded itself anew for, one a line, each once: two servers of different builds must not send it to and fro. */
const RELOADED_KEY = "berth:reloaded-for";

const troubles = new Map<object, PartTrouble>();
const listeners = new Set<() => void>();
let reloading = false;

/** `load` is an `import()`: the bundler's loader forgets a request that failed, so that the same import asks again. Rejects with what the code itself throws. */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  const part = {};
  try {
    for (let failures = 0; ; failures += 1) {
      try {
        return await load();
      } catch (error) {
        if (!isNotLoaded(error)) throw error;
      }
      note(part, await findTrouble());
      await systemClock.sleep(pauseAfter(failures));
    }
  } finally {
    note(part, null);
  }
}

/** The bundler's word for a file that could not be had; what a file throws while it runs is something else. */
export function isNotLoaded(error: unknown): boolean {
  return error instanceof Error && error.name === "ChunkLoadError";
}

/** In milliseconds. `failures`: those before this one. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
}

/** The worst of all parts that are waited for. */
export function partTrouble(): PartTrouble | null {
  const all = [...troubles.values()];
  return (["gone", "away", "failing"] as const).find((each) => all.includes(each)) ?? null;
}

export function onPartTrouble(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What to do about a part that did not come. `reloaded`: the builds that this tab has loaded itself anew for. */
export function nextForPart(facts: {
  served: string | null;
  own: string | null;
  reloaded: readonly string[];
  guarded: boolean;
}): PartTrouble | "reload" {
  const { served, own, reloaded, guarded } = facts;
  if (served === null) return "away";
  if (own === null || served === own) return "failing";
  return guarded || reloaded.includes(served) ? "gone" : "reload";
}

async function findTrouble(): Promise<PartTrouble> {
  const served = await askServedBuild();
  if (reloading) return "away";
  const reloaded = (sessionStorage.getItem(RELOADED_KEY) ?? "").split("\n");
  const next = nextForPart({ served, own: ownBuild(), reloaded, guarded: somethingWouldBeLost() });
  if (next !== "reload") return next;
  try {
    sessionStorage.setItem(RELOADED_KEY, [...reloaded, served].join("\n"));
  } catch {
    // What cannot be noted could be done again and again.
    return "gone";
  }
  reloading = true;
  window.location.reload();
  return "away";
}

/** A message that is being written is kept in the browser, a form or a dialog is not. */
function somethingWouldBeLost(): boolean {
  return isLeavingGuarded() || document.querySelector("[role=dialog], [role=alertdialog], dialog[open]") !== null;
}

function note(part: object, trouble: PartTrouble | null): void {
  if (trouble === null) troubles.delete(part);
  else troubles.set(part, trouble);
  for (const listener of listeners) listener();
}
