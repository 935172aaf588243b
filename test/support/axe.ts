// Accessibility of the page that is open, by axe-core.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** One line a violation, empty when there is none. `rules`: only these. */
export async function findViolations(page: Page, { rules }: { rules?: readonly string[] } = {}): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  // A colour on its way to another one is neither.
  await page.evaluate("for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish()");
  const options: axe.RunOptions = { resultTypes: ["violations"], ...(rules ? { runOnly: [...rules] } : {}) };
  const found = await page.evaluate<axe.Result[]>(
    `axe.run(${JSON.stringify(options)}).then((result) => result.violations)`,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${page.url()} ${id}: ${help} – ${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`),
  );
}
