// The code blocks of the README and the pages below docs/, and whether a test can run them.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(import.meta.dirname, "../..");
const FENCE = /(?:<!-- ([^\n]*) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;
const RUNNABLE = ["sh", "ts", "python"] as const;

export type DocBlock = {
  page: string;
  language: string;
  code: string;
  /** Why it is not run; null when it is. */
  notRun: string | null;
  /** It goes on until Ctrl-C, which a person presses once this was printed. */
  until: string | null;
};

/** In the order in which a reader meets them. */
export function docBlocks(): DocBlock[] {
  const pages = readdirSync(path.join(repository, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...pages.sort().map((name) => `docs/${name}`)].flatMap((page) => {
    const text = readFileSync(path.join(repository, page), "utf8");
    return [...text.matchAll(FENCE)].map(([, marker = "", language = "", code = ""]) => ({
      page,
      language,
      code,
      notRun: /^not run: (.+)$/.exec(marker)?.[1] ?? null,
      until: /^ends with Ctrl-C, after: (.+)$/.exec(marker)?.[1] ?? null,
    }));
  });
}

export function isRunnable(block: DocBlock): boolean {
  return RUNNABLE.some((language) => language === block.language);
}
