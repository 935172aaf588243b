// What is said while a session's sandbox is prepared: packages that are installed, repositories that are cloned. Pure; what others wrote is as it came.
import type { SessionPackagesEvent, SessionRepositoryEvent } from "../contract/events.ts";
import { formatDuration } from "../lib/format-duration.ts";

/** Of a list, so many are named. */
const NAMED = 5;

export function preparationWords(event: SessionPackagesEvent | SessionRepositoryEvent): string {
  return event.type === "session.packages" ? packagesWords(event) : repositoryWords(event);
}

function packagesWords(event: SessionPackagesEvent): string {
  if (event.status === "ready")
    return `The environment's packages are installed (${formatDuration(event.duration_ms)}). Later sessions find them ready.`;
  const named = event.packages.slice(0, NAMED).join(", ");
  const more = event.packages.length - NAMED;
  return `Installing with ${event.manager}: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

function repositoryWords(event: SessionRepositoryEvent): string {
  const { repository_url: url, mount_path: place } = event;
  return event.status === "cloning"
    ? `Cloning ${url} to ${place}`
    : `${url} is at ${place} (${formatDuration(event.duration_ms)}).`;
}
