// A browser with somebody in it who has just logged in.
import { type Browser, openBrowser } from "./browser.ts";
import type { System } from "./system.ts";

/** Without what the browser complained of until then: who is not logged in is told so by the server (401). */
export async function openDashboard(chromium: string | null, system: System): Promise<Browser> {
  const browser = await openBrowser(chromium ?? "", system.url);
  await browser.page.goto(system.loginUrl);
  await browser.page.getByRole("link", { name: "Sessions" }).first().waitFor();
  browser.complaints.splice(0);
  return browser;
}
