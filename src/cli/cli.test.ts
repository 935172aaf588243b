// Every command explains itself, with examples.
import { expect, test } from "vitest";
import { runCli } from "./cli.ts";
import { createPaint, type Terminal } from "./terminal.ts";

async function help(...args: string[]): Promise<string> {
  let out = "";
  const unused = () => {
    throw new Error("help asks for nothing");
  };
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      out += text;
    },
    live: false,
    interactive: false,
    columns: 100,
    rows: 24,
    paint: createPaint(false),
    write: unused,
    ask: unused,
    readInput: unused,
    readBytes: unused,
    onInput: unused,
    raw: unused,
    onResize: unused,
    onInterrupt: unused,
  };
  const world = {
    connect: unused,
    startServer: unused,
    printLoginLink: unused,
    manageKeys: unused,
    now: () => 0,
    version: "1.2.3",
  };
  expect(await runCli({ ...world, terminal, args: ["help", ...args] })).toBe(0);
  return out;
}

test("berth help names every command, and none that is for scripts only", async () => {
  const text = await help();
  for (const name of [
    "up",
    "login",
    "run",
    "attach",
    "ls",
    "logs",
    "approve",
    "rewind",
    "fork",
    "exec",
    "cp",
    "preview",
    "snapshots",
    "network",
    "keys",
    "doctor",
    "completion",
  ])
    expect(text).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(text).not.toMatch(/^ {2}complete /m);
});

test("berth help <command> shows examples that begin with the command", async () => {
  const names = [...(await help()).matchAll(/^ {2}(\w+) .*\S$/gm)].map(([, name = ""]) => name);
  const commands = [...new Set(names)].filter((name) => name !== "help" && name !== "berth");
  expect(commands.length).toBeGreaterThan(10);
  for (const name of commands) {
    const text = await help(name);
    const examples = text.slice(text.indexOf("Examples:"));
    expect(examples, name).toMatch(new RegExp(`^ {2}.*berth ${name}\\b`, "m"));
  }
});
