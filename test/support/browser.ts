// A real Chromium, headless, with what it complained about; screenshots in light and dark, wide and narrow.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, errors, type Page } from "playwright-core";
import { watchComplaints } from "./complaints.ts";
import { findOutOfReach } from "./out-of-reach.ts";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Where screenshots are kept. */
export const screens = path.resolve(import.meta.dirname, "../../test-results/screens");

/** Where Chromium is, or null; in CI (REQUIRE_BROWSER=1) its absence is an error. */
export function findChromium(): string | null {
  const found = CANDIDATES.find((candidate) => existsSync(candidate)) ?? null;
  if (!found && process.env.REQUIRE_BROWSER === "1")
    throw new Error("REQUIRE_BROWSER=1, but there is no Chromium: apt-get install chromium");
  if (!found) console.warn("SKIPPED: no Chromium on this machine (Debian: apt-get install chromium)");
  return found;
}

export type Browser = {
  context: BrowserContext;
  page: Page;
  /** Of every page, see `watchComplaints`. Expected to stay empty. */
  complaints: string[];
  /** Saves the page, or another one that is given, at 1440×900 and 390×844, light and dark. Throws when a control is out of reach there. */
  screenshots(name: string, which?: Page): Promise<void>;
  close(): Promise<void>;
};

/**
 * Once in some ten thousand pictures Chromium gave none in 15 s, though the page had just answered; nobody knows why.
 * It is asked a second time, after a new frame, and says so: what a page shows is asserted elsewhere.
 */
async function takePicture(page: Page, file: string): Promise<void> {
  const picture = { path: file, animations: "disabled" } as const;
  try {
    await page.screenshot(picture);
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    console.warn(`${path.basename(file)}: no picture in time, asked again with a new frame. ${error.message}`);
    const size = page.viewportSize() ?? { width: 1440, height: 900 };
    await page.setViewportSize({ ...size, height: size.height + 1 });
    await page.setViewportSize(size);
    await page.screenshot({ ...picture, timeout: 60_000 });
  }
}

/** Those that are open now, for what is told when a test fails. */
export const openBrowsers = new Set<Browser>();

/** `touch`: a phone, 390×844 with fingers. */
export async function openBrowser(
  executablePath: string,
  origin: string,
  { touch = false }: { touch?: boolean } = {},
): Promise<Browser> {
  const profile = await mkdtemp(path.join(tmpdir(), "berth-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: touch ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    hasTouch: touch,
    isMobile: touch,
    colorScheme: "light",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  context.setDefaultTimeout(15_000);
  const complaints = await watchComplaints(context, origin);
  const page = context.pages()[0] ?? (await context.newPage());
  const browser: Browser = {
    context,
    page,
    complaints,
    async screenshots(name, which = page) {
      await mkdir(screens, { recursive: true });
      for (const [size, viewport] of [
        ["wide", { width: 1440, height: 900 }],
        ["phone", { width: 390, height: 844 }],
      ] as const) {
        await which.setViewportSize(viewport);
        const outOfReach = await findOutOfReach(which);
        if (outOfReach.length > 0) throw new Error(`${name}, ${size}: nobody can reach ${outOfReach.join(", ")}`);
        for (const colorScheme of ["light", "dark"] as const) {
          await which.emulateMedia({ colorScheme });
          await takePicture(which, path.join(screens, `${name}-${size}-${colorScheme}.png`));
        }
      }
      await which.setViewportSize({ width: 1440, height: 900 });
      await which.emulateMedia({ colorScheme: "light" });
    },
    async close() {
      openBrowsers.delete(browser);
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
  openBrowsers.add(browser);
  return browser;
}
