// What the server itself asks for a session leaves audit lines as its sandbox's requests do.
import { OutsideFailure, type OutsideFetch, type OutsideInit } from "../lib/outside-fetch.ts";
import { watchBody } from "../lib/watch-body.ts";
import { asRefusal, beginExchange, type ExchangeParts } from "./exchange.ts";
import { Refusal } from "./refusal.ts";

/** A request without a `caller` leaves none. One that is redirected is one line, unless its caller follows by itself. */
export function createAuditedFetch(options: ExchangeParts & { fetch: OutsideFetch }): OutsideFetch {
  return async (address, init = {}) => {
    const { caller, mayReach } = init;
    if (!caller) return options.fetch(address, init);
    const url = new URL(address);
    const exchange = beginExchange(options, {
      ...{ method: init.method ?? "GET", host: url.hostname, port: Number(url.port) || 443, path: url.pathname },
    });
    const { line } = exchange;
    const { credentials = [], ...whose } = caller;
    Object.assign(line, whose);
    const inner: OutsideInit = { ...init };
    if (mayReach)
      inner.mayReach = (host) => {
        line.rule = mayReach(host);
        return line.rule;
      };
    try {
      const answer = await options.fetch(url, inner);
      exchange.used(credentials);
      line.status = answer.status;
      line.requestBytes = typeof init.body === "string" ? Buffer.byteLength(init.body) : 0;
      return watchBody(answer, {
        onPiece(piece) {
          line.responseBytes += piece.byteLength;
        },
        onEnd(error) {
          // A stream that the session has no more use for has ended well.
          if (error !== null && !init.signal?.aborted) exchange.refused(asRefusal(error));
          exchange.end();
        },
      });
    } catch (error) {
      const refusal = init.signal?.aborted
        ? new Refusal("client_gone", "It was given up before it was answered.")
        : refusalOf(error);
      if (refusal.outcome !== "deny") exchange.used(credentials);
      exchange.refused(refusal);
      exchange.end();
      throw error;
    }
  };
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof OutsideFailure)) return asRefusal(error);
  if (error.cause instanceof Refusal) return error.cause;
  // What `mayReach` says.
  if (error.code === "permission_denied") return new Refusal(error.rule, error.message, { cause: error });
  return asRefusal(error.cause ?? error);
}
