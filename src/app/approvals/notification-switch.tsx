// Turns notifications of this browser on and off.
"use client";

import { useState } from "react";
import { Bell, BellOff } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { useNotificationChoice } from "../components/use-notification-choice.ts";

export function NotificationSwitch() {
  const { available, chosen, choose } = useNotificationChoice();
  const [refused, setRefused] = useState(false);
  if (!available) return null;
  return (
    <>
      {refused && (
        <span role="alert" className="text-[13px] text-muted">
          The browser does not allow it for this page.
        </span>
      )}
      <Button aria-pressed={chosen} onClick={() => void choose(!chosen).then((done) => setRefused(!done))}>
        {chosen ? <Bell aria-hidden /> : <BellOff aria-hidden />} Notify me
      </Button>
    </>
  );
}
