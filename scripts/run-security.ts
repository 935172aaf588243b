// `npm run test:security`: every test that proves an attack blocked, and what the run proved, by id. Fails when a claim of docs/security.md does not hold.
// Tests that this machine cannot run are counted and named; with REQUIRE_ALL=1 they fail the run.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { attacks } from "../test/security/attacks.ts";
import { attackPage, findFaults, namedTests, provingFiles } from "./attack-page.ts";
import { type RunReport, sumUp } from "./sum-up-security.ts";

const repository = resolve(import.meta.dirname, "..");
const tests = namedTests();
const faults = findFaults(tests);
if (readFileSync(join(repository, "docs/security.md"), "utf8") !== attackPage(tests))
  faults.push("docs/security.md is not what the tests say: npm run generate");

const directory = mkdtempSync(join(tmpdir(), "berth-security-"));
const file = join(directory, "report.json");
const chosen = process.argv.slice(2);
const files = chosen.length > 0 ? chosen : [...new Set(["test/security/", ...provingFiles(tests)])];
const vitest = join(repository, "node_modules/vitest/vitest.mjs");
spawnSync(
  process.execPath,
  [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...files],
  {
    cwd: repository,
    stdio: "inherit",
  },
);
if (!existsSync(file)) throw new Error("the tests did not run to their end");
// Vitest's own file.
const report = JSON.parse(readFileSync(file, "utf8")) as RunReport;
rmSync(directory, { recursive: true });

const { blocked, failed, skipped, unproven } = sumUp(report, attacks);
const others = attacks.filter(({ open }) => open);
console.log(`\nBlocked in this run: ${blocked.length} of ${attacks.length - others.length} that have tests.`);
for (const { id, title, open } of others) console.log(`  ${open?.state}: ${id} ${title} – ${open?.why}`);
if (skipped.length > 0) console.warn(`\nSKIPPED on this machine: ${skipped.length}\n  ${skipped.join("\n  ")}`);
if (failed.length > 0) console.error(`\nFAILED: ${failed.length}\n  ${failed.join("\n  ")}`);
const missing = chosen.length > 0 ? [] : unproven;
if (missing.length > 0) console.error(`\nNOT PROVEN, no test of it passed: ${missing.join(", ")}`);
if (faults.length > 0) console.error(`\n${faults.join("\n")}`);
const mustRun = process.env.REQUIRE_ALL === "1" ? skipped.length : 0;
process.exitCode = failed.length + missing.length + faults.length + mustRun > 0 ? 1 : 0;
