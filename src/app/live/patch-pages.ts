// A change of one session, put into lists that were read before. Pure: whoever reads the list anew sees the same.
import type { InfiniteData } from "@tanstack/react-query";
import type { Page } from "../../client/page.ts";
import type { TeamChange } from "../../client/stream-sessions.ts";
import type { Session } from "../../contract/sessions.ts";

export type Belongs = (session: Session) => boolean;
/** How the answer of a query takes a change in; kept as the query's `meta.patch`. */
export type Patch<Data> = (data: Data, change: TeamChange) => Data;

/** For pages of sessions, newest first. */
export function patchPages(belongs: Belongs): Patch<InfiniteData<Page<Session>, string>> {
  return (data, change) => {
    if (change.type !== "session_changed" && change.type !== "session_deleted") return data;
    const id = change.type === "session_changed" ? change.session.id : change.id;
    const session = change.type === "session_changed" && belongs(change.session) ? change.session : null;
    const holder = data.pages.findIndex((page) => page.data.some((row) => row.id === id));
    if (holder < 0) return session ? { ...data, pages: insert(data.pages, session) } : data;
    const pages = data.pages.map((page, index) =>
      index === holder
        ? { ...page, data: page.data.flatMap((row) => (row.id !== id ? [row] : session ? [session] : [])) }
        : page,
    );
    return { ...data, pages };
  };
}

/** For one page that begins with the newest. */
export function patchPage(belongs: Belongs): Patch<Page<Session>> {
  const patch = patchPages(belongs);
  return (page, change) => patch({ pages: [page], pageParams: [""] }, change).pages[0] ?? page;
}

/** Where it belongs by its creation, unless that lies in a page that was not read yet. */
function insert(pages: Page<Session>[], session: Session): Page<Session>[] {
  const at = pages.findIndex((page) => page.data.some((row) => isNewer(session, row)));
  const last = pages.length - 1;
  const goal = at >= 0 ? at : pages[last]?.next_page === null ? last : -1;
  return pages.map((page, index) => {
    if (index !== goal) return page;
    const before = page.data.filter((row) => !isNewer(session, row));
    return { ...page, data: [...before, session, ...page.data.slice(before.length)] };
  });
}

const isNewer = (one: Session, other: Session) =>
  one.created_at === other.created_at ? one.id > other.id : one.created_at > other.created_at;
