// Vitest global setup: what `npm start` builds is there before the first test, which then needs no time for it.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { findChromium } from "./browser.ts";

export default async function setup(): Promise<void> {
  if (!findChromium()) return;
  await promisify(execFile)(process.execPath, [path.resolve(import.meta.dirname, "../../scripts/build.ts")]);
}
