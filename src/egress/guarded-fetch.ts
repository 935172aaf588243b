// What the server itself fetches goes by the rules of sandboxes: names only, https only, and each address checked before it is dialled.
import { createSecureContext } from "node:tls";
import {
  Agent,
  buildConnector,
  type Dispatcher,
  type RequestInfo,
  type RequestInit,
  fetch as sendRequest,
} from "undici";
import { canonicalHost } from "../contract/host-names.ts";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { OutsideFailure, type OutsideFetch } from "../lib/outside-fetch.ts";
import type { DialGuard } from "./dial-guard.ts";
import { Refusal } from "./refusal.ts";

const CONNECT_MS = 15_000;
/** Without a byte: a tool may work for long before it answers. */
const IDLE_MS = 15 * 60_000;
const KEEP_MS = 10_000;

export type GuardedFetch = {
  fetch: OutsideFetch;
  /** Ends its connections, whatever is on them. */
  close(): Promise<void>;
};

/** `trusted`: certificates (PEM) by which hosts are verified. */
export function createGuardedFetch(options: { guard: DialGuard; trusted: readonly string[] }): GuardedFetch {
  const { guard } = options;
  const connect = buildConnector({
    ...{
      secureContext: createSecureContext({ ca: [...options.trusted] }),
      lookup: guard.lookup,
      timeout: CONNECT_MS,
      allowH2: false,
    },
  });
  const agent = new Agent({
    ...{ headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS, keepAliveTimeout: KEEP_MS, allowH2: false },
    connect(asked, callback) {
      const port = guard.portOf(asked.hostname, asked.port === "" ? undefined : Number(asked.port));
      connect({ ...asked, port: String(port) }, callback);
    },
  });

  async function guardedFetch(url: string | URL, init: Parameters<OutsideFetch>[1] = {}): Promise<Response> {
    const { mayReach, caller: _, ...rest } = init;
    let denied: { reason: unknown } | null = null;
    // Each request passes here, those that follow a redirect and those on a kept connection too.
    const dispatcher = agent.compose((dispatch) => (request, handler) => {
      try {
        const host = hostOf(request);
        mayReach?.(host);
      } catch (reason) {
        denied = { reason };
        throw reason;
      }
      return dispatch(request, handler);
    });
    try {
      const answer = await sendRequest(url as RequestInfo, { ...(rest as RequestInit), dispatcher });
      return answer as unknown as Response;
    } catch (error) {
      if (rest.signal?.aborted) throw rest.signal.reason;
      if (denied) throw toFailure(url, (denied as { reason: unknown }).reason);
      throw toFailure(url, causeOf(error));
    }
  }

  return { fetch: guardedFetch, close: () => agent.destroy() };
}

/** Throws a `Refusal` for what is no https request to a host by its canonical name. */
function hostOf({ origin }: Dispatcher.DispatchOptions): string {
  const url = new URL(origin ?? "");
  if (url.protocol !== "https:") throw new Refusal("plain_http", `${url.host} is asked over https only.`);
  const { host, problem } = canonicalHost(url.hostname);
  if (host === null) throw new Refusal("bad_host", `The host ${JSON.stringify(url.hostname)} ${problem}.`);
  // Otherwise two names would be decided on and dialled.
  if (host !== url.hostname) throw new Refusal("bad_host", `Write the host ${url.hostname} as ${host}.`);
  return host;
}

/** `fetch failed` says nothing; what failed is below it. */
function causeOf(error: unknown): unknown {
  let found = error;
  while (found instanceof Error && found.cause instanceof Error && !(found instanceof Refusal)) found = found.cause;
  return found;
}

function toFailure(url: string | URL, reason: unknown): unknown {
  if (reason instanceof PlatformError) return reason;
  const { hostname } = new URL(url);
  if (reason instanceof Refusal) {
    const code = reason.outcome === "deny" ? "permission_denied" : "unavailable";
    const said = messages[reason.rule] ?? reason.message;
    return new OutsideFailure(code, said, { cause: reason, maybeSent: false });
  }
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER|SIGNATURE/.test(code))
    return new OutsideFailure("unavailable", `The certificate of ${hostname} is not valid here: ${code}.`, {
      ...{ cause: reason, maybeSent: false },
    });
  const why = /^[A-Z_]+$/.test(code) ? code : messageOf(reason);
  const maybeSent = !BEFORE_CONNECTED.has(code);
  return new OutsideFailure("unavailable", `${hostname} could not be reached: ${why}.`, { cause: reason, maybeSent });
}

/** Errors of a connection that did not come about. */
const BEFORE_CONNECTED: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EADDRNOTAVAIL", "UND_ERR_CONNECT_TIMEOUT"],
]);

const messages: Partial<Record<Refusal["rule"], string>> = {
  refused_address:
    "The host leads to a private or reserved address, which is not reached. An operator can name it in BERTH_EGRESS_HOSTS.",
};
