// Frame of every page.
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import "./globals.css";
import { BUILD_HEADER } from "./build-header.ts";
import { AppShell } from "./components/app-shell.tsx";
import { Providers } from "./providers.tsx";

/** Each answer carries the nonce of its own Content Security Policy, so no page can be made ahead of time. */
export const dynamic = "force-dynamic";
export async function generateMetadata(): Promise<Metadata> {
  const build = (await headers()).get(BUILD_HEADER);
  return {
    title: { default: "Berth", template: "%s · Berth" },
    referrer: "same-origin",
    ...(build ? { other: { [BUILD_HEADER]: build } } : {}),
  };
}
export const viewport: Viewport = { width: "device-width", initialScale: 1, viewportFit: "cover" };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Providers>
          <AppShell>{children}</AppShell>
        </Providers>
      </body>
    </html>
  );
}
