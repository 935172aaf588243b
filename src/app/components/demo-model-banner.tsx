// Says that answers come from the demo model, and how to connect a real one.
"use client";

import { FlaskConical } from "lucide-react";
import { useHealth } from "../settings/use-health.ts";

export function DemoModelBanner() {
  const { demoModel } = useHealth();
  if (!demoModel) return null;
  return (
    <p className="flex shrink-0 flex-wrap items-center gap-x-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-[13px]">
      <FlaskConical aria-hidden className="size-4 shrink-0 text-waiting" />
      <span>
        <strong className="font-semibold">Demo model</strong> – connect your gateway: set{" "}
        <code>LITELLM_GATEWAY_URL</code> and <code>LITELLM_API_KEY</code>, then start Berth again.
      </span>
    </p>
  );
}
