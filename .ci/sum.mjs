// Adds up the figures of the vitest runs in a folder and the steps that failed; the last line is `N passed, N failed`.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const [folder = ".", ...failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
/** Steps whose failures are counted one by one below. */
const counted = new Set();

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const name = file.slice(0, -".json".length);
  const result = JSON.parse(readFileSync(join(folder, file), "utf8"));
  // A file that cannot even be loaded has no tests: it counts as one that failed.
  const brokenFiles = result.testResults.filter(
    (one) => one.status === "failed" && one.assertionResults.every((test) => test.status !== "failed"),
  );
  const failures = result.numFailedTests + brokenFiles.length;
  if (failures > 0) counted.add(name);
  passed += result.numPassedTests;
  failed += failures;
  skipped += result.numPendingTests + result.numTodoTests;
  console.log(
    `${name}: ${result.numPassedTests} passed, ${failures} failed, ${result.numPendingTests} skipped in ${result.testResults.length} files`,
  );
  for (const one of brokenFiles) console.log(`  could not be run: ${one.name}`);
  // Again here, in the last lines: of a long output these are read first, or alone.
  for (const { name: file, assertionResults } of result.testResults)
    for (const test of assertionResults.filter(({ status }) => status === "failed"))
      console.log(`  ${relative(".", file)} > ${test.fullName}: ${firstLines(test.failureMessages)}`);
}
for (const step of failedSteps.filter((name) => !counted.has(name))) {
  console.log(`step failed: ${step}`);
  failed++;
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function firstLines(messages) {
  const text = stripVTControlCharacters(messages.join("\n"));
  const end = text.search(/\n\s+at /);
  return (end === -1 ? text : text.slice(0, end)).slice(0, 600).replaceAll("\n", "\n      ");
}
