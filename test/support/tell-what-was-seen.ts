// When a browser test fails: what was on each open page, as a screenshot in test-results/failures and as text in the log.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach } from "vitest";
import { openBrowsers } from "./browser.ts";

const failures = path.resolve(import.meta.dirname, "../../test-results/failures");
const MAX_TEXT = 4_000;

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  await mkdir(failures, { recursive: true });
  let index = 0;
  for (const browser of openBrowsers) {
    for (const page of browser.context.pages()) {
      const file = path.join(failures, `${task.name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}-${index++}.png`);
      try {
        // The text first: a browser that gives no picture may still answer.
        const text = await page.locator("body").innerText({ timeout: 5_000 });
        console.error(`seen at ${page.url()} (${path.basename(file)}):\n${text.slice(0, MAX_TEXT)}`);
        await page.screenshot({ path: file, timeout: 5_000 });
      } catch (error) {
        // The page itself may be what failed; the test's own error is the one that counts.
        console.error(`nothing could be seen at ${page.url()}: ${error}`);
      }
    }
    if (browser.complaints.length > 0) console.error(`the browser complained:\n${browser.complaints.join("\n")}`);
  }
});
