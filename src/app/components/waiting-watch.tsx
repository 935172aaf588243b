// Tells of sessions that begin to wait: by the tab's icon and title, and by a notification for those who asked for it.
"use client";

import { usePathname, useRouter } from "next/navigation";
import { useEffect, useEffectEvent, useRef } from "react";
import { waitingTools } from "../../client/session-state.ts";
import type { Session } from "../../contract/sessions.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { showNotification } from "./show-notification.ts";
import { tellOnce, waitKey } from "./tell-once.ts";
import { useTitleCount } from "./use-document-title.ts";
import { useFavicon } from "./use-favicon.ts";
import { useNotificationChoice } from "./use-notification-choice.ts";
import { usePresence } from "./use-presence.ts";
import { useWaitingSessions } from "./use-waiting-sessions.ts";

export function WaitingWatch() {
  const router = useRouter();
  const { choice, giveUp } = useNotificationChoice();
  const { data } = useWaitingSessions();
  // The page of one session shows that session's own state.
  const elsewhere = !usePathname().startsWith("/sessions/sesn_");
  const waiting = data?.sessions.length ?? 0;
  useFavicon(waiting > 0 ? "waiting" : "plain", elsewhere);
  useTitleCount(elsewhere ? waiting : 0);
  usePresence();

  const known = useRef<ReadonlySet<string> | null>(null);
  const tell = useEffectEvent((session: Session) => {
    if (choice !== "on" || !document.hidden) return;
    const path = `/sessions/${session.id}`;
    const show = () => showNotification({ ...inWords(session), tag: session.id, path }, () => router.push(path));
    // What fails here must not take the page with it; the switch says that it failed.
    tellOnce(waitKey(session), { locks: navigator.locks, storage: localStorage, tell: show }).catch(giveUp);
  });
  useEffect(() => {
    if (!data) return;
    // What waited when the page was opened is no news.
    for (const session of data.sessions) if (known.current && !known.current.has(session.id)) tell(session);
    known.current = new Set(data.sessions.map((session) => session.id));
  }, [data]);
  return null;
}

function inWords({ title, agent, waiting_for }: Session): { title: string; body: string } {
  const tools = waitingTools("waiting_for_you", waiting_for).map(visibleName).join(", ");
  return {
    title: tools === "" ? "Waiting for you" : `Waiting for you: ${tools}`,
    body: visibleName(title ?? agent.name),
  };
}
