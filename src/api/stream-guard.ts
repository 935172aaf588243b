// Ends open streams whose key was revoked or whose browser was logged out: what a new request would be refused, an old one loses.
import type { ServerResponse } from "node:http";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Access } from "../teams/access.ts";
import { authenticate, type RequestFacts } from "./authenticate.ts";
import { toErrorAnswer } from "./errors.ts";
import { errorBytes } from "./sse-frame.ts";

/** Good answers are remembered for five seconds more, so that many streams of one key cost one look. */
const LOOK_MS = 2_000;

export type StreamGuard = ReturnType<typeof createStreamGuard>;

export function createStreamGuard({ access, logger }: { access: Access; logger: Logger }) {
  const open = new Map<ServerResponse, RequestFacts>();
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      for (const [response, facts] of open) await endUnlessAllowed(response, facts);
    } finally {
      looking = false;
    }
  }

  async function endUnlessAllowed(response: ServerResponse, facts: RequestFacts): Promise<void> {
    try {
      await authenticate(access, facts);
    } catch (error) {
      // The database is away: nobody was refused anything.
      if (!hasCode(error, "authentication_failed")) {
        logger.debug({ err: error }, "open streams could not be checked");
        return;
      }
      const { body } = toErrorAnswer(error, String(response.getHeader("request-id")));
      open.delete(response);
      response.end(errorBytes(body));
    }
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    /** From now on until the response is closed. */
    watch(facts: RequestFacts, response: ServerResponse): void {
      open.set(response, facts);
      response.once("close", () => open.delete(response));
    },
    close: () => clearInterval(timer),
  };
}
