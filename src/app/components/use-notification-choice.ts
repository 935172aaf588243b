// Whether this browser is to notify of sessions that wait; kept in the browser, the same in all its tabs.
"use client";

import { useSyncExternalStore } from "react";

const KEY = "berth:notify";
const CHANGED = "berth:notify-changed";

export type NotificationChoice = "on" | "off" | "refused" | "failed";

export function useNotificationChoice() {
  const choice = useSyncExternalStore(subscribe, readChoice, () => "off" as const);
  return {
    /** Browsers notify only from localhost or over HTTPS. */
    available: isAvailable(),
    /** `refused`: the browser, or its owner, does not allow it · `failed`: it is allowed, and did not work. */
    choice,
    /** Asks the browser's permission first. */
    async choose(on: boolean): Promise<void> {
      if (!on) return keepChoice("off");
      keepChoice((await Notification.requestPermission()) === "granted" ? "on" : "refused");
    },
    /** A notification could not be shown: nobody is to rely on the next one. */
    giveUp: () => keepChoice("failed"),
  };
}

function isAvailable(): boolean {
  return typeof Notification !== "undefined" && window.isSecureContext;
}

function keepChoice(choice: NotificationChoice): void {
  localStorage.setItem(KEY, choice);
  window.dispatchEvent(new Event(CHANGED));
}

function readChoice(): NotificationChoice {
  if (!isAvailable()) return "off";
  const kept = localStorage.getItem(KEY);
  // Allowed once, and taken back in the browser's own settings.
  if (kept === "on") return Notification.permission === "granted" ? "on" : "off";
  return kept === "refused" || kept === "failed" ? kept : "off";
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
