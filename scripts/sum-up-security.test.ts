// A run proves an attack blocked when a test of it passed and none failed; what was skipped is named.
import { expect, test } from "vitest";
import type { Attack } from "../test/security/attacks.ts";
import { sumUp } from "./sum-up-security.ts";

const attacks: Attack[] = [
  { id: "S1", title: "a" },
  { id: "S2", title: "b" },
  { id: "S3", title: "c" },
  { id: "E1", title: "d", provenBy: ["src/x.test.ts > by another name"] },
  { id: "K1", title: "e", open: { state: "waits", why: "people" } },
  { id: "B1", title: "f" },
];
const result = (title: string, status: string, ...ancestorTitles: string[]) => ({ ancestorTitles, title, status });

test("ids are found in the names of tests and of their groups, and in the list", () => {
  const summary = sumUp(
    {
      testResults: [
        {
          name: "/repo/test/security/a.test.ts",
          assertionResults: [
            result("S1, S2: both", "passed"),
            result("S2: once more", "failed"),
            result("a part", "passed", "S3: a group"),
            result("another part", "skipped", "S3: a group"),
            result("without an id", "failed"),
          ],
        },
        { name: "/repo/src/x.test.ts", assertionResults: [result("by another name, in full", "passed")] },
      ],
    },
    attacks,
  );
  expect(summary).toEqual({
    blocked: ["S1", "S3", "E1"],
    failed: ["S2: S2: once more", "without an id"],
    skipped: ["S3: S3: a group › another part"],
    unproven: ["B1"],
  });
});
