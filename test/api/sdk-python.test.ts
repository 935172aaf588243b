// The official Python SDK, unchanged, against a real server: the main path, pages, streams and error classes.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { pythonSdkMissing, runPython } from "../support/python-sdk.ts";

const missing = await pythonSdkMissing();
if (missing) console.warn(`SKIPPED: ${missing}`);

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

test.skipIf(missing !== null)("the Python SDK does everything", async () => {
  const script = join(import.meta.dirname, "sdk-python.py");
  const printed = await runPython(script, { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: server.apiKey });
  expect(printed.trim().split("\n").at(-1)).toBe("all good");
});
