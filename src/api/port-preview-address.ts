// The names of port previews: each port of each session is an origin of its own, apart from the dashboard's. Pure.
import { isId } from "../lib/ids.ts";
import { withoutTrailing } from "../lib/without-trailing.ts";
import type { PreviewedPort } from "../teams/port-preview-access.ts";
import { nameOfHost, namesLoopback } from "./host-check.ts";

/** Where port previews are: below a domain that is used for nothing else. */
export type PortPreviewPlace = {
  domain: string;
  /** As browsers reach it; null: on this machine, by the port under which the caller found this server. */
  reached: { scheme: "http" | "https"; port: string } | null;
};

/** Every name below `localhost` is this machine in every browser. */
export const LOCAL_PLACE: PortPreviewPlace = { domain: "preview.localhost", reached: null };

const SESSION_PREFIX = "sesn_";

/** From the setting; null: on this machine. */
export function portPreviewPlace(url: string | null): PortPreviewPlace {
  if (url === null) return LOCAL_PLACE;
  const { protocol, hostname, port } = new URL(url);
  return { domain: hostname, reached: { scheme: protocol === "https:" ? "https" : "http", port } };
}

/** Null: a name that is none of ours. `port` null: one below the domain that is no preview's. */
export function readPreviewHost(
  hostHeader: string | undefined,
  { domain }: PortPreviewPlace,
): { preview: PreviewedPort | null } | null {
  const full = nameOfHost(hostHeader);
  // A name may end with the dot of the root.
  const name = withoutTrailing(full, ".");
  if (name === domain || (full.endsWith("..") && name.endsWith(`.${domain}`))) return { preview: null };
  if (!name.endsWith(`.${domain}`)) return null;
  const [, digits = "", id = ""] = /^([1-9]\d{0,4})-([0-9a-z]+)$/.exec(name.slice(0, -domain.length - 1)) ?? [];
  const sessionId = SESSION_PREFIX + id;
  const port = Number(digits);
  return { preview: isId("session", sessionId) && port <= 65_535 ? { sessionId, port } : null };
}

/** Null when a browser could not find it: the caller is not on this machine, and no domain is set. */
export function previewOrigin(
  { sessionId, port }: PreviewedPort,
  place: PortPreviewPlace,
  callerHost: string | undefined,
): string | null {
  const name = `${port}-${sessionId.slice(SESSION_PREFIX.length)}.${place.domain}`;
  if (place.reached) return `${place.reached.scheme}://${name}${place.reached.port && `:${place.reached.port}`}`;
  if (!namesLoopback(callerHost)) return null;
  const callerPort = /:(\d+)$/.exec(callerHost ?? "")?.[1];
  return `http://${name}${callerPort === undefined ? "" : `:${callerPort}`}`;
}
