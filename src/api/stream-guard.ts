// Ends open streams whose key was revoked or whose browser was logged out: what a new request would be refused, an old one loses.
import { hasCode, type PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Access } from "../teams/access.ts";
import { authenticate, type RequestFacts } from "./authenticate.ts";

/** Good answers are remembered for five seconds more, so that many streams of one key cost one look. */
const LOOK_MS = 2_000;

/** An answer that goes on: it can be ended with the reason. */
export type GuardedStream = { onClose: (listener: () => void) => void; refuse: (error: PlatformError) => void };
export type StreamGuard = ReturnType<typeof createStreamGuard>;

export function createStreamGuard({ access, logger }: { access: Access; logger: Logger }) {
  const open = new Map<GuardedStream, RequestFacts>();
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      for (const [stream, facts] of open) await endUnlessAllowed(stream, facts);
    } finally {
      looking = false;
    }
  }

  async function endUnlessAllowed(stream: GuardedStream, facts: RequestFacts): Promise<void> {
    try {
      await authenticate(access, facts);
    } catch (error) {
      // The database is away: nobody was refused anything.
      if (!hasCode(error, "authentication_failed")) {
        logger.debug({ err: error }, "open streams could not be checked");
        return;
      }
      open.delete(stream);
      stream.refuse(error);
    }
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    /** From now on until it is closed. */
    watch(facts: RequestFacts, stream: GuardedStream): void {
      open.set(stream, facts);
      stream.onClose(() => open.delete(stream));
    },
    close: () => clearInterval(timer),
  };
}
