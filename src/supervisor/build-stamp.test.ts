// What is built again, and what is not.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type BuildTarget, buildTargets, buildWithStamp, outdatedTargets } from "./build-stamp.ts";

let repository: string;
const names = () => outdatedTargets(repository).map((target) => target.name);
const dashboard = buildTargets.find((target) => target.name === "dashboard") as BuildTarget; // It is in the list above.

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}

beforeEach(async () => {
  repository = mkdtempSync(join(tmpdir(), "berth-build-"));
  write("src/app/page.tsx", "one");
  write("src/runner/runner.ts", "one");
  write("src/lib/ids.ts", "one");
  for (const target of buildTargets)
    await buildWithStamp(repository, target, async () => write(target.output, "built"));
});
afterEach(() => rmSync(repository, { recursive: true }));

it("nothing, when nothing changed", () => expect(names()).toEqual([]));
it("nothing, when a file was only touched, as git does on a checkout", () => {
  utimesSync(join(repository, "src/app/page.tsx"), new Date(), new Date());
  expect(names()).toEqual([]);
});
it("nothing, when a test changed", () => {
  write("src/app/page.test.tsx", "test");
  expect(names()).toEqual([]);
});
it("the dashboard, when a page changed, came or went", () => {
  write("src/app/page.tsx", "two");
  expect(names()).toEqual(["dashboard"]);
  write("src/app/page.tsx", "one");
  expect(names()).toEqual([]);
  write("src/app/new.tsx", "");
  expect(names()).toEqual(["dashboard"]);
});
it("both, when what both use changed", () => {
  write("src/lib/ids.ts", "two");
  expect(names()).toEqual(["runner", "dashboard"]);
});
it("what is missing", () => {
  rmSync(join(repository, ".next"), { recursive: true });
  expect(names()).toEqual(["dashboard"]);
});
it("a build that was cut, even when its output looks complete", async () => {
  await expect(buildWithStamp(repository, dashboard, () => Promise.reject(new Error("killed")))).rejects.toThrow(
    "killed",
  );
  expect(names()).toEqual(["dashboard"]);
});
it("nothing, of a package that was installed with what was built before it was packed", async () => {
  const installed = join(repository, "node_modules", "berth");
  expect(outdatedTargets(installed)).toHaveLength(2);
  for (const target of buildTargets) write(join("node_modules", "berth", target.output), "built");
  expect(outdatedTargets(installed)).toEqual([]);
});
