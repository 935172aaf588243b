// What a run of the security tests proved, by id. Pure.
import type { Attack } from "../test/security/attacks.ts";

/** As vitest's JSON reporter writes it. */
export type RunReport = {
  testResults: {
    name: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
};
export type RunSummary = {
  blocked: string[];
  /** `id: test`, also where another test of the id passed. */
  failed: string[];
  skipped: string[];
  /** Said to be blocked, and no test of it passed. */
  unproven: string[];
};

const IDS = /^((?:[SRECTFBK]\d{1,2}, )*[SRECTFBK]\d{1,2}): /;

export function sumUp(report: RunReport, attacks: readonly Attack[]): RunSummary {
  const passed = new Set<string>();
  const failed: string[] = [];
  const skipped: string[] = [];
  for (const { name: file, assertionResults } of report.testResults)
    for (const { ancestorTitles, title, status } of assertionResults) {
      const titles = [...ancestorTitles, title];
      for (const id of idsOf(file, titles, attacks)) {
        if (status === "passed") passed.add(id);
        else if (status === "failed") failed.push(`${id}: ${titles.join(" › ")}`);
        else skipped.push(`${id}: ${titles.join(" › ")}`);
      }
      // One that carries no id still has to hold.
      if (status === "failed" && idsOf(file, titles, attacks).length === 0) failed.push(titles.join(" › "));
    }
  const claimed = attacks.filter(({ open }) => !open).map(({ id }) => id);
  const broken = new Set(failed.map((line) => line.split(":", 1)[0]));
  return {
    blocked: claimed.filter((id) => passed.has(id) && !broken.has(id)),
    failed,
    skipped,
    unproven: claimed.filter((id) => !passed.has(id) && !broken.has(id)),
  };
}

function idsOf(file: string, titles: readonly string[], attacks: readonly Attack[]): string[] {
  const named = titles.flatMap((title) => IDS.exec(title)?.[1]?.split(", ") ?? []);
  const told = attacks.filter(({ provenBy = [] }) =>
    provenBy.some((proof) => {
      const [where = "", name] = proof.split(" > ");
      return file.endsWith(where) && (name === undefined || titles.some((title) => title.startsWith(name)));
    }),
  );
  return [...new Set([...named, ...told.map(({ id }) => id)])];
}
