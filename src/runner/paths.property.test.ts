// Fuzz of what decides which paths a tool may touch: any tree of directories and links, any path. What is let through is where the system says it is.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { confine, ToolError } from "./paths.ts";

/** `inside-not` begins as a permitted directory does, and is none. */
const NAMES = ["a", "b", "c", "inside", "other", "outside", "inside-not"];
const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 3, arbitrary: fc.constantFrom("..", ".", "") },
  { weight: 1, arbitrary: fc.constantFrom("...", ". .", "..\\..", "%2e%2e", "‥", "a\n", "~", "..%2f", "ä") },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "binary" }) },
);
/** `ROOT` stands for the place of the whole tree. */
const path = fc
  .tuple(
    fc.constantFrom("", "", "/", "ROOT/", "ROOT/inside/", "ROOT/outside/", "/proc/self/root/"),
    fc.array(part, { maxLength: 7 }),
  )
  .map(([from, parts]) => from + parts.join("/"));
const node = fc.record({
  // Mostly where a tool may be.
  at: fc
    .tuple(
      fc.constantFrom("inside", "inside", "other", ...NAMES),
      fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }),
    )
    .map(([first, more]) => [first, ...more]),
  to: fc.option(path),
});

test("F1, F2: whatever links there are, a path is let through only where it ends in a permitted directory", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(node, { maxLength: 12 }),
      fc.array(path, { minLength: 1, maxLength: 8 }),
      async (nodes, paths) => {
        const root = realpathSync(mkdtempSync(join(tmpdir(), "berth-fuzz-")));
        const placed = (text: string) => text.replace("ROOT", root);
        try {
          const roots = [join(root, "inside"), join(root, "other")] as const;
          for (const directory of [...roots, join(root, "outside"), join(root, "inside-not")]) {
            mkdirSync(directory);
            writeFileSync(join(directory, "a"), "secret");
          }
          for (const { at, to } of nodes) {
            const target = to === null ? null : placed(to);
            try {
              if (target === null) mkdirSync(join(root, ...at), { recursive: true });
              else symlinkSync(target, join(root, ...at));
            } catch {
              // Something is there, or the target is none that a link can have.
            }
          }
          // What is there is asked for as well, and what would be behind it.
          const there = nodes.flatMap(({ at }) =>
            [at, [...at, "a"], [...at, "..", "a"]].map((one) => join(root, ...one)),
          );
          for (const asked of [...paths.map(placed), ...there, `${root}/inside-not/a`])
            await checkOne(asked, [...roots]);
        } finally {
          rmSync(root, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 150, verbose: 1 },
  );
}, 120_000);

async function checkOne(asked: string, roots: [string, string]): Promise<void> {
  let found: string;
  try {
    found = await confine(asked, roots);
  } catch (error) {
    // In words for the model, and nothing else.
    expect(error).toBeInstanceOf(ToolError);
    return;
  }
  expect(
    // In other words than the code's own.
    roots.some((root) => !/^\.\.(\/|$)|^\//.test(relative(root, found))),
    `${JSON.stringify(asked)} → ${found}`,
  ).toBe(true);
  // Where it exists, the system goes to the same place, by the answer and by what was asked.
  for (const text of [found, asked.startsWith("/") ? asked : join(roots[0], asked)]) {
    const real = realOf(text);
    if (real !== null && text === found) expect(real).toBe(found);
    else if (real !== null && !asked.includes("..")) expect(real).toBe(found);
  }
}

function realOf(text: string): string | null {
  try {
    return realpathSync.native(text);
  } catch {
    return null; // It is not there, or no path.
  }
}
