import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BytePatterns } from "./byte-patterns.ts";
import { createReplacer } from "./replace-bytes.ts";

/** As slow as it is plain: the leftmost match, of those the longest, once. */
function replaceSlowly(text: string, patterns: readonly string[], to: (index: number) => string): string {
  let out = "";
  for (let at = 0; at < text.length; ) {
    const found = patterns
      .map((pattern, index) => ({ pattern, index }))
      .filter(({ pattern }) => text.startsWith(pattern, at))
      .sort((a, b) => b.pattern.length - a.pattern.length || a.index - b.index)[0];
    out += found ? to(found.index) : text[at];
    at += found ? found.pattern.length : 1;
  }
  return out;
}

function replaceInPieces(pieces: readonly string[], patterns: readonly string[], to: (index: number) => string) {
  const replacer = createReplacer(new BytePatterns(patterns.map((text) => Buffer.from(text, "latin1"))), (index) =>
    Buffer.from(to(index), "latin1"),
  );
  const out = pieces.map((piece) => replacer.push(Buffer.from(piece, "latin1")));
  return { out, whole: Buffer.concat([...out, replacer.end()]).toString("latin1") };
}

const fewLetters = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength, maxLength });

describe("replace in pieces", () => {
  it.each([
    ["short patterns", 1, 6],
    ["patterns that are long enough to skip", 3, 12],
    ["patterns as long as values", 8, 20],
  ])("is the same wherever the pieces are cut, and what a plain search would do: %s", (_, least, most) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fewLetters(least, most), { minLength: 1, maxLength: 6 }).chain((patterns) =>
          fc.record({
            patterns: fc.constant(patterns),
            // Whole patterns, pieces of them, and what is between.
            pieces: fc.array(
              fc.oneof(
                fewLetters(0, 9),
                fc.constantFrom(...patterns),
                fc.constantFrom(...patterns).map((text) => text.slice(0, -1)),
              ),
              { maxLength: 12 },
            ),
          }),
        ),
        fc.array(fc.nat(40), { maxLength: 8 }),
        ({ patterns, pieces }, cuts) => {
          const to = (index: number) => `<${index}>`;
          const text = pieces.join("");
          const expected = replaceSlowly(text, patterns, to);
          expect(replaceInPieces(pieces, patterns, to).whole).toBe(expected);
          const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
          const cut = places.slice(1).map((end, index) => text.slice(places[index], end));
          expect(replaceInPieces(cut, patterns, to).whole).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("C7: holds back only what has begun, and gives it out as soon as it cannot become a match", () => {
    const secret = "ghp_0123456789";
    const { out, whole } = replaceInPieces(
      ["data: hello\n\n", "data: ghp_01", "99\n\n", "x ghp_0123456789 y"],
      [secret],
      () => "P",
    );
    expect(out.map(String)).toEqual(["data: hello\n\n", "data: ", "ghp_0199\n\n", "x P y"]);
    expect(whole).toBe("data: hello\n\ndata: ghp_0199\n\nx P y");
  });

  it("C12: what was put in is not looked at again", () => {
    expect(replaceInPieces(["aab"], ["ab", "b"], () => "ab").whole).toBe("aab");
    expect(replaceInPieces(["x", "y"], ["x", "xy"], (index) => ["xy", "x"][index] ?? "").whole).toBe("x");
  });

  it("a piece without anything to find is given on as it is", () => {
    const piece = Buffer.alloc(1 << 16, "z");
    const replacer = createReplacer(new BytePatterns([Buffer.from("secret-value")]), () => Buffer.alloc(0));
    expect(replacer.push(piece)).toEqual(piece);
  });
});
