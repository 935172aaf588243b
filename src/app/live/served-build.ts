// Which build of the dashboard the server has now, and which one this page is of.
import { BUILD_HEADER } from "../build-header.ts";

/** Null when the server does not answer, or something in front of it does in its place. */
export async function askServedBuild(signal?: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch("/login", { method: "HEAD", cache: "no-store", ...(signal ? { signal } : {}) });
    return answer.ok ? answer.headers.get(BUILD_HEADER) : null;
  } catch {
    // Without an answer nothing is known; callers ask again.
    return null;
  }
}

/** Null on a page that does not say it. */
export function ownBuild(): string | null {
  return document.querySelector<HTMLMetaElement>(`meta[name="${BUILD_HEADER}"]`)?.content ?? null;
}
