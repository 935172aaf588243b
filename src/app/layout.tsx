// Frame of every page.
import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import "./globals.css";
import "./print.css";
import { BUILD_HEADER } from "./build-header.ts";
import { AppShell } from "./components/app-shell.tsx";
import { NAVIGATION_COOKIE, readNavigation } from "./components/navigation-width.ts";
import { readTheme, THEME_COOKIE } from "./components/theme.ts";
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

export default async function RootLayout({ children }: { children: ReactNode }) {
  const cookie = await cookies();
  const theme = readTheme(cookie.get(THEME_COOKIE)?.value);
  const navigation = readNavigation(cookie.get(NAVIGATION_COOKIE)?.value);
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <body>
        <Providers>
          <AppShell navigation={navigation}>{children}</AppShell>
        </Providers>
      </body>
    </html>
  );
}
