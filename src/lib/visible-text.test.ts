// What a person reads before allowing it is what will run.
import { expect, test } from "vitest";
import { visibleExactly, visibleName, visibleOutput, visibleProse } from "./visible-text.ts";

test("a command cannot be read in another order than it runs", () => {
  expect(visibleExactly("rm \u202efdp.tropeR\u202c")).toBe("rm ⟨U+202E⟩fdp.tropeR⟨U+202C⟩");
  expect(visibleProse("a\u2066b\u2069")).toBe("a⟨U+2066⟩b⟨U+2069⟩");
});

test("characters that are not seen are named", () => {
  expect(visibleExactly("a\u200bb\u00adc\ufeffd\u{e0041}")).toBe("a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩d⟨U+E0041⟩");
  expect(visibleExactly("\0\b\x7f\x9b")).toBe("␀␈␡⟨U+009B⟩");
});

test("lines and tabs stay", () => {
  expect(visibleExactly("a\tb\nc\r\nd")).toBe("a\tb\nc\nd");
});

test("prose keeps what languages and emoji are made of", () => {
  expect(visibleProse("👩‍💻 می‌خواهم")).toBe("👩‍💻 می‌خواهم");
});

test("output loses colours, titles and links of terminals, and nothing else", () => {
  const text = "\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b(Bend";
  expect(visibleOutput(text)).toBe("red plain link end");
});

test("an escape sequence that is not finished does not swallow what follows on the next line", () => {
  expect(visibleOutput("a\x1b[31\nb")).toContain("b");
  expect(visibleOutput("\x1b")).toBe("␛");
});

test("a progress line that was written over becomes lines", () => {
  expect(visibleOutput("10%\r20%\r\ndone")).toBe("10%\n20%\ndone");
});

test.each([
  ["👩\u200d💻 Coder", "👩\u200d💻 Coder"],
  ["🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"],
  ["👨🏽\u200d👩🏽\u200d👧🏽", "👨🏽\u200d👩🏽\u200d👧🏽"],
  [
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
  ],
  // A joiner that joins nothing hides something.
  ["de\u200dploy", "de⟨U+200D⟩ploy"],
  ["👩\u200d", "👩⟨U+200D⟩"],
  ["👩\u200d\u200d💻", "👩⟨U+200D⟩⟨U+200D⟩💻"],
  ["a\u{e0041}", "a⟨U+E0041⟩"],
  ["admin\u202enimda", "admin⟨U+202E⟩nimda"],
  ["two\nlines", "two lines"],
  ["", ""],
  [" \n\u00a0", "(blank)"],
  ["\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"],
])("of a name %j only what hides something is named", (text, shown) => expect(visibleName(text)).toBe(shown));

test("what runs is exact, emoji too", () => {
  expect(visibleExactly("echo 👩\u200d💻")).toBe("echo 👩⟨U+200D⟩💻");
});
