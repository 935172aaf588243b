// What any page of a browser complains about: console, uncaught errors, requests, the Content Security Policy, dialogs.
import type { BrowserContext, ConsoleMessage, Page, Request } from "playwright-core";

/** A navigation or a closed stream ends requests; nothing has failed then. */
const ENDED_BY_BROWSER = "net::ERR_ABORTED";
const INLINE = /^(data|blob|about):/;

/**
 * Fills the array that it returns, one line a complaint, for every page of the context, those that are opened later
 * included. Addresses of the origin are written as paths. What a shared worker asks for is not seen here.
 */
export async function watchComplaints(context: BrowserContext, origin: string): Promise<string[]> {
  const complaints: string[] = [];
  const short = (url: string) => (url.startsWith(origin) ? url.slice(origin.length) : url);
  const fromConsole = (message: ConsoleMessage) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // The browser's own lines about a request name it beside the text only.
    const where = message.text().startsWith("Failed to load resource") ? ` – ${short(message.location().url)}` : "";
    complaints.push(`${message.type()}: ${message.text()}${where}`);
  };
  const fromRequest = (request: Request) => {
    const url = request.url();
    if (!INLINE.test(url) && new URL(url).origin !== origin) complaints.push(`other origin: ${url}`);
  };
  const fromFailure = (request: Request) => {
    const why = request.failure()?.errorText ?? "no reason";
    if (why !== ENDED_BY_BROWSER) complaints.push(`failed: ${request.method()} ${short(request.url())}: ${why}`);
  };
  context.on("console", fromConsole);
  context.on("request", fromRequest);
  context.on("requestfailed", fromFailure);
  context.on("weberror", (error) => complaints.push(`page error: ${error.error().message}`));
  const watchPage = (page: Page) =>
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.type()} ${dialog.message()}`);
      dialog.dismiss().catch((error: unknown) => complaints.push(`a dialog stayed: ${error}`));
    });
  for (const page of context.pages()) watchPage(page);
  context.on("page", watchPage);
  await context.exposeBinding("berthTestViolation", (_source, what: string) => complaints.push(`policy: ${what}`));
  await context.addInitScript(`addEventListener("securitypolicyviolation", (event) =>
    berthTestViolation([event.disposition, event.effectiveDirective, event.blockedURI, event.sourceFile].join(" ")))`);
  return complaints;
}
