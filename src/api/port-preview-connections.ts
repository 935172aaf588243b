// The open connections of port previews: how many a session may have, that they end when their visit does, and that they are use of the sandbox.
import type { Logger } from "../lib/logger.ts";
import type { SessionPorts } from "../sessions/session-ports.ts";
import type { PortPreviewAccess, PreviewedPort } from "../teams/port-preview-access.ts";

const MAX_OF_SESSION = 128;
/** A visit's good answer is remembered for two seconds more. */
const LOOK_MS = 2_000;
const TOUCH_MS = 60_000;

type Place = { at: PreviewedPort; visit: string; end: () => void };

export function createPortPreviewConnections(options: {
  portPreviews: Pick<PortPreviewAccess, "admit">;
  ports: Pick<SessionPorts, "touch">;
  logger: Logger;
}) {
  const { portPreviews, ports, logger } = options;
  const open = new Set<Place>();
  const counts = new Map<string, number>();
  const touchedAt = new Map<string, number>();
  let looking = false;

  /** Each visit is asked for once, however many connections it has. */
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const visits = new Map([...open].map((place) => [`${place.visit} ${place.at.port}`, place]));
      for (const { visit, at } of visits.values()) {
        if ((await portPreviews.admit([visit], at)) === null) endAll(visit, at);
        else await touch(at.sessionId);
      }
    } catch (error) {
      // The database is away: nobody was refused anything.
      logger.debug({ err: error }, "open port previews could not be checked");
    } finally {
      looking = false;
    }
  }

  function endAll(visit: string, { port }: PreviewedPort): void {
    for (const place of open) if (place.visit === visit && place.at.port === port) place.end();
  }

  /** As often as an open terminal does. */
  async function touch(sessionId: string): Promise<void> {
    const now = performance.now();
    if (now - (touchedAt.get(sessionId) ?? Number.NEGATIVE_INFINITY) < TOUCH_MS) return;
    touchedAt.set(sessionId, now);
    await ports.touch(sessionId);
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();

  return {
    /** A place for one connection; null when the session has as many as it may. */
    enter({ at, visit }: { at: PreviewedPort; visit: string }) {
      const { sessionId } = at;
      const count = counts.get(sessionId) ?? 0;
      if (count >= MAX_OF_SESSION) return null;
      counts.set(sessionId, count + 1);
      const place: Place = { at, visit, end: () => undefined };
      let left = false;
      return {
        /** It is connected; `end` cuts it off. */
        use(end: () => void): void {
          place.end = end;
          // Its other side may have gone while it was being connected.
          if (left) end();
          else open.add(place);
        },
        leave(): void {
          if (left) return;
          left = true;
          open.delete(place);
          const rest = (counts.get(sessionId) ?? 1) - 1;
          if (rest > 0) counts.set(sessionId, rest);
          else {
            counts.delete(sessionId);
            touchedAt.delete(sessionId);
          }
          place.end();
        },
      };
    },
    /** Browsers come back to the next process. */
    close(): void {
      clearInterval(timer);
      for (const place of [...open]) place.end();
    },
  };
}
