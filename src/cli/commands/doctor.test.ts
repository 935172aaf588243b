// The doctor's own findings: room on the disk, and releases that do not belong together.
import { expect, test } from "vitest";
import { createPaint } from "../terminal.ts";
import { diskHealth, releaseHealth, renderHealth } from "./doctor.ts";

test.each<[string, number, string, RegExp]>([
  ["much room", 50e9, "ok", /^50\.0 GB free for \/data\.$/],
  ["little room", 1.5e9, "degraded", /^Only 1\.5 GB free .*BERTH_DATA_DIR/],
  ["hardly any", 12e6, "down", /^Only 12 MB free .*Delete sessions/],
])("%s on the disk", (_what, freeBytes, state, words) => {
  const found = diskHealth({ dataDir: "/data", freeBytes });
  expect(found.state).toBe(state);
  expect(found.detail).toMatch(words);
});

test.each<[string, Parameters<typeof releaseHealth>[0], string, string]>([
  ["of one release", { command: "1.0.0", server: "1.0.0", workers: ["1.0.0"] }, "ok", "release 1.0.0"],
  [
    "an older command",
    { command: "0.9.0", server: "1.0.0", workers: ["1.0.0"] },
    "degraded",
    "command that comes with",
  ],
  [
    "an older worker",
    { command: "1.0.0", server: "1.0.0", workers: ["1.0.0", "0.9.0"] },
    "degraded",
    "worker is of release 0.9.0",
  ],
])("%s", (_what, releases, state, words) => {
  const found = releaseHealth(releases);
  expect(found.state).toBe(state);
  expect(found.detail).toContain(words);
});

test("what is down decides the last line; what a server says cannot move the cursor", () => {
  const text = renderHealth({
    url: "http://x",
    health: {
      status: "ready",
      version: "1.0.0",
      parts: { gateway: { ok: false, state: "degraded", detail: "no\u001b[2J" } },
    },
    checks: { disk: diskHealth({ dataDir: "/data", freeBytes: 0 }) },
    ready: false,
    paint: createPaint(false),
  });
  expect(text).toBe(
    `Berth 1.0.0 at http://x\n  gateway    note  no\n  disk       DOWN  ${diskHealth({ dataDir: "/data", freeBytes: 0 }).detail}\nBerth cannot be used as it is: see what is DOWN.\n`,
  );
});
