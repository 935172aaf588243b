// The official Python SDK, unchanged, follows whole turns: the answer live, a tool in its sandbox, a permission, the rest.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { pythonSdkMissing, runPython } from "../support/python-sdk.ts";
import { type System, startSystem } from "../support/system.ts";

const missing = (await pythonSdkMissing()) ?? sandboxesMissing();
if (missing) console.warn(`SKIPPED: ${missing}`);

describe.skipIf(missing !== null)("the Python SDK", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system?.dispose());

  test("iterates the stream to the answer and session.status_idle", async () => {
    const script = join(import.meta.dirname, "the-python-sdk-follows-a-turn.py");
    const printed = await runPython(script, { ANTHROPIC_BASE_URL: system.url, ANTHROPIC_API_KEY: system.apiKey });
    expect(printed.trim().split("\n").at(-1)).toBe("all good");
  });
});
