// Which commands fit what was typed.
import { expect, test } from "vitest";
import { matchCommands } from "./match-commands.ts";

const commands = [
  { label: "New session", hint: "action" },
  { label: "Fix the session list", hint: "session · Coder" },
  { label: "Coder", hint: "agent" },
];
const labels = (query: string) => matchCommands(commands, query).map(({ label }) => label);

test("nothing typed: all, in the order given", () => {
  expect(labels(" ")).toEqual(commands.map(({ label }) => label));
});

test("the beginning of a label comes before its middle, and a hint last", () => {
  expect(labels("coder")).toEqual(["Coder", "Fix the session list"]);
});

test("every word has to occur, in any order and case", () => {
  expect(labels("SESSION new")).toEqual(["New session"]);
  expect(labels("session nothing")).toEqual([]);
});

test("a whole id finds its own, a part of one nothing", () => {
  const idOf = ({ label }: { label: string }) => (label === "Coder" ? "agent_01" : "");
  expect(matchCommands(commands, "agent_01", idOf)).toEqual([commands[2]]);
  expect(matchCommands(commands, "agent_0", idOf)).toEqual([]);
  expect(matchCommands(commands, "", idOf)).toHaveLength(3);
});

test("the very words come before all that contain them", () => {
  const titles = ["Hay 127", "Hay 71", "Hay 7"].map((label) => ({ label, hint: "session" }));
  expect(matchCommands(titles, "hay 7").map(({ label }) => label)).toEqual(["Hay 7", "Hay 71", "Hay 127"]);
});
