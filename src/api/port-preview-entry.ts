// Who may come in to a port preview, and from which page: a browser sends its cookies whoever asks. Pure.
import type { IncomingMessage } from "node:http";

/** In the query of a link, until it is exchanged for a cookie. */
export const TICKET_PARAMETER = "berth_ticket";

/** The ticket of a link, and where it leads without it; null without one. */
export function readTicket(url: string): { ticket: string; rest: string } | null {
  const at = url.indexOf("?");
  if (at < 0) return null;
  const kept: string[] = [];
  let ticket: string | null = null;
  for (const part of url.slice(at + 1).split("&")) {
    if (part.startsWith(`${TICKET_PARAMETER}=`)) ticket = part.slice(TICKET_PARAMETER.length + 1);
    else kept.push(part);
  }
  if (ticket === null) return null;
  // Two slashes would name another host.
  const path = url.slice(0, at).replace(/^[/\\]+/, "/");
  return { ticket, rest: kept.length > 0 ? `${path}?${kept.join("&")}` : path };
}

/** What an app is told of an address: a ticket that was not exchanged (only a GET is) is still good, and nothing of the app's. */
export function withoutTicket(url: string): string {
  return readTicket(url)?.rest ?? url;
}

/**
 * Whether a request comes from the preview's own pages, or is a person's way to them: a link, an address that was typed. Other previews are
 * other pages too, and no page may show this one in a frame.
 */
export function comesFromOwnPages({ method, headers }: IncomingMessage, origin: string): boolean {
  if (headers.origin !== undefined && headers.origin !== origin) return false;
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return true;
  const looks = method === "GET" || method === "HEAD";
  return looks && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** A person asks for a page. What pages and programs in a browser ask for by themselves does not wake a sandbox. */
export function isVisit({ method, headers }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return headers["sec-fetch-mode"] === undefined;
  return headers["sec-fetch-mode"] === undefined || headers["sec-fetch-mode"] === "navigate";
}

/** It would answer for this origin's pages when nobody is let in any more, and see the next link's ticket. */
export function isServiceWorker({ headers }: IncomingMessage): boolean {
  return headers["service-worker"] !== undefined || headers["sec-fetch-dest"] === "serviceworker";
}
