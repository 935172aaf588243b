// What somebody else wrote stays inside its field of a log line: no second line, no bytes that a terminal acts on.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const HOSTILE = 'x\r\n{"level":60,"msg":"planted"}\u001b]52;c;aGk=\u0007\u001b[2J\u0000\u2028"}';

function logged(pretty: boolean): string {
  const script = `
    import { createLogger } from ${JSON.stringify(new URL("./logger.ts", import.meta.url).href)};
    const logger = createLogger("web", { level: "info", pretty: ${pretty} });
    const text = JSON.parse(process.argv[1]);
    logger.warn({ host: text, nested: { path: text }, [text]: 1, err: new Error(text) }, "a request was refused");`;
  const args = ["--input-type=module", "-e", script, JSON.stringify(HOSTILE)];
  return execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

test("K9: of JSON lines there is one, and it reads back as it was", () => {
  const said = logged(false);
  expect(said.trimEnd().split("\n")).toHaveLength(1);
  expect(said.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(JSON.parse(said)).toMatchObject({ host: HOSTILE, nested: { path: HOSTILE }, msg: "a request was refused" });
});

test("K9: what a terminal shows has no bytes but our own colours", () => {
  const said = logged(true);
  expect(said).toContain("a request was refused");
  const uncoloured = said.replaceAll(/\p{Cc}\[\d+m/gu, "");
  expect(uncoloured.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
});
