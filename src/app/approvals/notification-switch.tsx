// Turns notifications of this browser on and off.
"use client";

import { Bell, BellOff } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { type NotificationChoice, useNotificationChoice } from "../components/use-notification-choice.ts";

const problems: Partial<Record<NotificationChoice, string>> = {
  refused: "The browser does not allow notifications of this page: see its settings.",
  failed: "This browser could not show a notification.",
};

export function NotificationSwitch() {
  const { available, choice, choose } = useNotificationChoice();
  if (!available) return null;
  const chosen = choice === "on";
  return (
    <>
      {problems[choice] && (
        <span role="alert" className="text-[13px] text-muted">
          {problems[choice]}
        </span>
      )}
      <Button aria-pressed={chosen} onClick={() => void choose(!chosen)}>
        {chosen ? <Bell aria-hidden /> : <BellOff aria-hidden />} Notify me
      </Button>
    </>
  );
}
