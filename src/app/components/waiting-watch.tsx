// Tells of sessions that begin to wait: by the tab's icon and title, and by a notification for those who asked for it.
"use client";

import { usePathname, useRouter } from "next/navigation";
import { useEffect, useEffectEvent, useRef } from "react";
import type { Session } from "../../contract/sessions.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { useTitleCount } from "./use-document-title.ts";
import { useFavicon } from "./use-favicon.ts";
import { useNotificationChoice } from "./use-notification-choice.ts";
import { useWaitingSessions } from "./use-waiting-sessions.ts";

export function WaitingWatch() {
  const router = useRouter();
  const { chosen } = useNotificationChoice();
  const { data } = useWaitingSessions();
  // The page of one session shows that session's own state.
  const elsewhere = !usePathname().startsWith("/sessions/sesn_");
  const waiting = data?.sessions.length ?? 0;
  useFavicon(waiting > 0 ? "waiting" : "plain", elsewhere);
  useTitleCount(elsewhere ? waiting : 0);

  const known = useRef<ReadonlySet<string> | null>(null);
  const tell = useEffectEvent((session: Session) => {
    if (!chosen || !document.hidden) return;
    const notification = new Notification("Waiting for you", {
      body: visibleExactly(session.title ?? session.agent.name),
      tag: session.id,
    });
    notification.onclick = () => {
      window.focus();
      router.push(`/sessions/${session.id}`);
      notification.close();
    };
  });
  useEffect(() => {
    if (!data) return;
    // What waited when the page was opened is no news.
    for (const session of data.sessions) if (known.current && !known.current.has(session.id)) tell(session);
    known.current = new Set(data.sessions.map((session) => session.id));
  }, [data]);
  return null;
}
