// Says what a person should know about the server before trusting what they see: demo model, parts that are down.
"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { useHealth } from "../settings/use-health.ts";
import { FlaskConical, TriangleAlert } from "./icons/icons.tsx";

export function ServerBanner() {
  const { data: health, demoModel } = useHealth();
  const down = Object.entries(health?.parts ?? {}).flatMap(([name, part]) => (part.ok ? [] : [name]));
  return (
    <div role="status" className="shrink-0">
      {demoModel && (
        <BannerLine icon={<FlaskConical aria-hidden />}>
          <strong className="font-semibold">Demo model</strong> – connect your gateway: set{" "}
          <code>LITELLM_GATEWAY_URL</code> and <code>LITELLM_API_KEY</code>, then start Berth again.
        </BannerLine>
      )}
      {down.length > 0 && (
        <BannerLine icon={<TriangleAlert aria-hidden />}>
          Not working: {down.join(", ")}.{" "}
          <Link href="/settings" className="underline">
            See why
          </Link>
        </BannerLine>
      )}
    </div>
  );
}

function BannerLine({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <p className="flex items-start gap-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-[13px] [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-waiting">
      {icon}
      <span className="min-w-0">{children}</span>
    </p>
  );
}
