// `npm run test:security:mutate [part of a control's name]`: switches each control off in a copy of the source, and sees that the test named for it fails.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RunReport } from "../../scripts/sum-up-security.ts";
import { type Mutation, misfits, mutations } from "./mutations.ts";

const repository = resolve(import.meta.dirname, "../..");
const COPIED = ["src", "test", "scripts", "package.json", "vitest.config.ts", "tsconfig.json", "docs", "bench"];
const LINKED = ["node_modules"];

const wanted = process.argv[2] ?? "";
const chosen = mutations.filter(({ control }) => control.includes(wanted));
const faults = misfits(chosen, repository);
if (faults.length > 0 || chosen.length === 0) {
  console.error(faults.join("\n") || `No control is named ${wanted}`);
  process.exit(1);
}

const copy = mkdtempSync(join(tmpdir(), "berth-mutate-"));
try {
  for (const name of COPIED)
    if (existsSync(join(repository, name))) cpSync(join(repository, name), join(copy, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(repository, name), join(copy, name));
  process.exitCode = runAll();
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function runAll(): number {
  // A test that fails anyway proves nothing.
  const broken = new Set<string>();
  for (const { project, test, named } of chosen) {
    const key = `${project} ${test} ${named}`;
    const { failed, passed } = run(project, test, named);
    if (failed.length > 0 || passed === 0) broken.add(key);
  }
  let survivors = 0;
  for (const mutation of chosen) {
    const verdict = broken.has(`${mutation.project} ${mutation.test} ${mutation.named}`)
      ? "NOT TRIED: its test fails, or is skipped, without the patch"
      : withPatch(mutation);
    const killed = verdict.startsWith("noticed");
    if (!killed) survivors += 1;
    console.log(`${killed ? "✓" : "✗"} ${mutation.control}\n    ${verdict}`);
  }
  console.log(`\n${chosen.length - survivors} of ${chosen.length} controls are missed by a test when they are off.`);
  return survivors === 0 ? 0 : 1;
}

function withPatch({ file, find, replace, project, test, named }: Mutation): string {
  const path = join(copy, file);
  const before = readFileSync(path, "utf8");
  writeFileSync(
    path,
    before.replace(find, () => replace),
  );
  try {
    const { failed } = run(project, test, named);
    return failed.length > 0 ? `noticed by: ${failed[0]}` : `SURVIVED: no test of ${test} noticed`;
  } finally {
    writeFileSync(path, before);
  }
}

function run(project: string, test: string, named: string): { failed: string[]; passed: number } {
  const file = join(copy, "report.json");
  rmSync(file, { force: true });
  const name = named === "" ? [] : ["-t", named.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")];
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", project, "--reporter=json", `--outputFile=${file}`, ...name, test];
  const { stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8" });
  if (!existsSync(file)) throw new Error(`the tests of ${test} did not run to their end:\n${stderr}`);
  // Vitest's own file.
  const report = JSON.parse(readFileSync(file, "utf8")) as RunReport;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    failed: results
      .filter(({ status }) => status === "failed")
      .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" › ")),
    passed: results.filter(({ status }) => status === "passed").length,
  };
}
