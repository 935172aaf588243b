// What a process says reaches whoever reads, and a process that nobody reads any more goes on, and ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

/** A process that does `what` with a logger once it is told to. */
function startSpeaker(what: string) {
  const logger = JSON.stringify(join(import.meta.dirname, "logger.ts"));
  const script = `
    const { createLogger } = await import(${logger});
    const logger = createLogger("part", { level: "info", pretty: false });
    process.stdin.once("data", () => { ${what} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return { child, said: () => said, ended: once(child, "close").then(([code]) => code as number | null) };
}

test("its last words are read, in order", async () => {
  const lines = 2_000;
  const { child, said, ended } = startSpeaker(
    `for (let n = 0; n < ${lines}; n++) logger.info({ n }, "é"); logger.fatal("the last"); process.exit(3);`,
  );
  child.stdin.write("go");
  expect(await ended).toBe(3);
  const all = said().trimEnd().split("\n");
  expect(all.slice(0, -1).map((line) => JSON.parse(line).n)).toEqual([...Array(lines).keys()]);
  expect(JSON.parse(all.at(-1) ?? "").msg).toBe("the last");
});

test("a process may have any number of loggers: their lines stand in order, and nothing listens for its end but one", async () => {
  const { child, said, ended } = startSpeaker(
    `const loggers = Array.from({ length: 20 }, (_, n) => createLogger("part " + n, { level: "info", pretty: false }));
    for (const one of loggers) one.info("x".repeat(50_000));
    logger.info({ listeners: process.listenerCount("exit") }, "the last"); process.exit(3);`,
  );
  child.stdin.write("go");
  expect(await ended).toBe(3);
  const lines = said()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ name }) => name)).toEqual([...Array.from({ length: 20 }, (_, n) => `part ${n}`), "part"]);
  expect(lines.at(-1)).toMatchObject({ listeners: 1, msg: "the last" });
});

test.each([
  ["says why it must end", 'logger.warn("no answer"); logger.fatal("no database"); process.exit(3);'],
  ["has something left to say at its end", 'logger.info("so long"); logger.info("bye"); process.exit(3);'],
  [
    "goes on",
    'logger.info("a"); setTimeout(() => { logger.info("b"); logger.info("c"); logger.fatal("d"); process.exit(3); }, 50);',
  ],
])("nobody reads any more, and it %s", async (_, what) => {
  const { child, ended } = startSpeaker(what);
  child.stdout.destroy();
  await new Promise((resolve) => child.stdin.write("go", resolve));
  const code = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000, "still there"))]);
  child.kill("SIGKILL");
  expect(code).toBe(3);
});
