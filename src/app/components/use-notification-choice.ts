// Whether this browser is to notify of sessions that wait; kept in the browser, the same in all its tabs.
"use client";

import { useSyncExternalStore } from "react";

const KEY = "berth:notify";
const CHANGED = "berth:notify-changed";

export function useNotificationChoice() {
  const chosen = useSyncExternalStore(subscribe, isChosen, () => false);
  return {
    /** Browsers notify only from localhost or over HTTPS. */
    available: typeof Notification !== "undefined",
    chosen,
    /** Asks the browser's permission first; stays off when the person refuses. */
    async choose(on: boolean) {
      const granted = on && (await Notification.requestPermission()) === "granted";
      localStorage.setItem(KEY, granted ? "on" : "off");
      window.dispatchEvent(new Event(CHANGED));
      return granted === on;
    },
  };
}

function isChosen(): boolean {
  return (
    typeof Notification !== "undefined" && Notification.permission === "granted" && localStorage.getItem(KEY) === "on"
  );
}

function subscribe(onChange: () => void): () => void {
  // `storage` tells of other tabs only.
  window.addEventListener("storage", onChange);
  window.addEventListener(CHANGED, onChange);
  return () => {
    window.removeEventListener("storage", onChange);
    window.removeEventListener(CHANGED, onChange);
  };
}
