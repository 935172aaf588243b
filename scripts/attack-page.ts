// docs/security.md: the attacks, and the tests that prove each of them blocked, found by their names.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Attack, attacks } from "../test/security/attacks.ts";

const repository = resolve(import.meta.dirname, "..");
/** A text that begins with ids, as names of tests do: `"E1, E3: nothing is …"`. */
const NAMED = /(["'`])((?:[SRECTFBK]\d{1,2}, )*[SRECTFBK]\d{1,2}): ((?:(?!\1)[^\n\\]|\\.)*)\1/g;

export type NamedTest = { file: string; ids: readonly string[]; name: string };

/** Every test of the product whose name begins with ids. */
export function namedTests(root = repository): NamedTest[] {
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.test\.tsx?$/.test(file))
      .map((file) => `${folder}/${file}`),
  );
  return files.sort().flatMap((file) => testsIn(file, readFileSync(join(root, file), "utf8")));
}

export function testsIn(file: string, source: string): NamedTest[] {
  return [...source.matchAll(NAMED)].map(([, , ids = "", name = ""]) => ({
    file,
    ids: ids.split(", "),
    name: name.replace(/\\(.)/g, "$1").replace(/%[sj]/g, "…"),
  }));
}

/** Files with tests that prove something, for the run. */
export function provingFiles(tests: readonly NamedTest[]): string[] {
  const told = attacks.flatMap(({ provenBy = [] }) => provenBy.map((proof) => proof.split(" > ")[0] ?? ""));
  return [...new Set([...tests.map(({ file }) => file), ...told])].sort();
}

/** What is wrong with the list itself, one line each. */
export function findFaults(tests: readonly NamedTest[], root = repository): string[] {
  const faults: string[] = [];
  const known = new Set(attacks.map(({ id }) => id));
  if (known.size !== attacks.length) faults.push("an id stands twice in the list of attacks");
  for (const { file, ids, name } of tests)
    for (const id of ids) if (!known.has(id)) faults.push(`${file}: "${name}" names ${id}, which is no attack`);
  for (const { id, open, provenBy = [] } of attacks) {
    const proven = provenBy.length > 0 || tests.some(({ ids }) => ids.includes(id));
    if (!proven && !open) faults.push(`${id}: no test carries it, and nothing says why`);
    if (proven && open) faults.push(`${id}: is "${open.state}", and a test proves it`);
    for (const proof of provenBy) {
      const [file = "", name = ""] = proof.split(" > ");
      if (!readFileSync(join(root, file), "utf8").includes(name)) faults.push(`${id}: ${file} has no test "${name}"`);
    }
  }
  return faults;
}

const GROUPS: Record<string, string> = {
  S: "Escape, and the host",
  R: "Resources",
  E: "The way out",
  C: "Credentials",
  T: "Other teams, and the API",
  F: "Files and archives",
  B: "Browser",
  K: "Keys, logs, the operator",
};
const STATES = { "not here": "not applicable", waits: "waits for", "not yet": "not yet" } as const;

export function attackPage(tests: readonly NamedTest[]): string {
  const rows = attacks.map((attack) => ({ attack, proofs: proofsOf(attack, tests) }));
  const count = (state: string) =>
    rows.filter(({ attack, proofs }) => (proofs.length > 0 ? "blocked" : attack.open?.state) === state).length;
  const sections = Object.entries(GROUPS).map(([letter, title]) => {
    const lines = rows
      .filter(({ attack }) => attack.id.startsWith(letter))
      .map(({ attack, proofs }) => `| ${attack.id} | ${cell(attack.title)} | ${cell(stateOf(attack, proofs))} |`);
    return `## ${title}\n\n| id | attack | what holds |\n|---|---|---|\n${lines.join("\n")}\n`;
  });
  return `# Attacks and their tests

What was tried against Berth, and what proves that it is blocked? \`npm run test:security\` runs every test that is named here and fails when one fails; a test that is skipped on a machine is counted and named.
\`npm run test:security:mutate\` switches controls off, one at a time, and sees that a test notices. What is protected from whom: [SECURITY.md](../SECURITY.md). (Made by \`npm run generate\`.)

Of ${attacks.length} attacks ${count("blocked")} have tests, ${count("not here")} do not apply to this release, ${count("waits")} wait for a part that comes, ${count("not yet")} have no test yet.

${sections.join("\n")}`;
}

function proofsOf({ id, provenBy = [] }: Attack, tests: readonly NamedTest[]): string[] {
  const named = tests.filter(({ ids }) => ids.includes(id)).map(({ file, name }) => `${name} (\`${file}\`)`);
  const told = provenBy.map((proof) => {
    const [file = "", name] = proof.split(" > ");
    return name === undefined ? `\`${file}\`` : `${name} (\`${file}\`)`;
  });
  return [...new Set([...named, ...told])];
}

function stateOf({ open, note }: Attack, proofs: readonly string[]): string {
  const state =
    proofs.length > 0
      ? `blocked: ${proofs.join("; ")}`
      : `${open && STATES[open.state]}${open?.state === "waits" ? " " : ": "}${open?.why}`;
  return note === undefined ? state : `${state}. ${note}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
