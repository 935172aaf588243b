// `npm run screenshots`: the pictures of the README, docs/images/session.png and session-dark.png, of a Berth that was started for them.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createBerthClient } from "../../src/client/berth.ts";
import { findChromium, openBrowser } from "../support/browser.ts";
import { startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";
import { beginConversation } from "./conversation.ts";

const images = path.resolve(import.meta.dirname, "../../docs/images");
/** What a README may weigh. */
const MAX_BYTES = 300_000;

const chromium = findChromium();
if (!chromium) process.exit(1);
const system = await startSystem({ ui: true });
try {
  const sessionId = await beginConversation(createBerthClient({ baseUrl: system.url, apiKey: system.apiKey }));
  const browser = await openBrowser(chromium, system.url);
  try {
    await takePictures(browser.page, sessionId);
  } finally {
    await browser.close();
  }
} finally {
  await system.dispose();
}

async function takePictures(page: Awaited<ReturnType<typeof openBrowser>>["page"], sessionId: string): Promise<void> {
  await page.goto(system.loginUrl);
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.goto(`${system.url}/sessions/${sessionId}`);
  await page.getByRole("button", { name: /^Allow/ }).waitFor();
  await mkdir(images, { recursive: true });
  for (const [colorScheme, name] of [
    ["light", "session.png"],
    ["dark", "session-dark.png"],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    // Fonts and highlighted code are there, and nothing moves any more.
    let before: Buffer = Buffer.alloc(0);
    const picture = await until(
      async () => {
        const now = await page.screenshot({ animations: "disabled", caret: "hide" });
        const same = now.equals(before);
        before = now;
        return same ? now : null;
      },
      { intervalMs: 300 },
    );
    if (picture.length > MAX_BYTES) throw new Error(`${name} has ${picture.length} bytes, more than ${MAX_BYTES}`);
    await writeFile(path.join(images, name), picture);
    console.log(`docs/images/${name}  ${Math.round(picture.length / 1000)} kB`);
  }
}
