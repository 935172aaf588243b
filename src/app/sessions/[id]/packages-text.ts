// What the timeline says while packages of a session's environment are installed.
import type { SessionPackagesEvent } from "../../../contract/events.ts";

/** Of a list, so many are named. */
const NAMED = 5;

export function packagesText(event: SessionPackagesEvent): string {
  if (event.status === "ready")
    return `The environment's packages are installed (${Math.max(1, Math.round(event.duration_ms / 1_000))} s). Later sessions find them ready.`;
  const named = event.packages.slice(0, NAMED).join(", ");
  const more = event.packages.length - NAMED;
  return `Installing with ${event.manager}: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
