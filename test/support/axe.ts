// Accessibility of the page that is open, by axe-core.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** One line a violation, empty when there is none. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<axe.Result[]>("axe.run().then((result) => result.violations)");
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${page.url()} ${id}: ${help} – ${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`),
  );
}
