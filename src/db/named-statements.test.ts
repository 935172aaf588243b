// Which calls are named, and that the number of names is bounded.
import { expect, it } from "vitest";
import { nameStatements, statementName } from "./named-statements.ts";

function recorded() {
  const calls: unknown[][] = [];
  const client = { query: (...input: unknown[]) => calls.push(input) };
  // Only `query` is looked at; pg's overloads are wider than a recorder.
  nameStatements(client as unknown as Parameters<typeof nameStatements>[0]);
  return { client, calls };
}

it("names a text with values, the same text always alike", () => {
  const { client, calls } = recorded();
  client.query("select $1", [1]);
  client.query("select $1", [2]);
  client.query("select $1, 2", [2]);
  const [first, second, third] = calls.map(([config]) => config as { name: string; text: string; values: unknown[] });
  expect(first).toMatchObject({ text: "select $1", values: [1], name: expect.stringMatching(/^berth_/) });
  expect(second).toMatchObject({ values: [2], name: first?.name });
  expect(third?.name).not.toBe(first?.name);
  expect(first?.name.length).toBeLessThan(63);
});

it("leaves every other form of a query alone", () => {
  const { client, calls } = recorded();
  const callback = () => undefined;
  for (const input of [["begin", []], ["begin"], [{ text: "select $1", values: [1] }], ["select $1", [1], callback]])
    client.query(...input);
  expect(calls).toEqual([["begin", []], ["begin"], [{ text: "select $1", values: [1] }], ["select $1", [1], callback]]);
});

it("stops naming after 500 texts, and keeps the names it gave", () => {
  const first = statementName("select 'kept', $1");
  for (let index = 0; index < 600; index++) statementName(`select ${index}, $1`);
  expect(statementName("select 'one more', $1")).toBeNull();
  expect(statementName("select 'kept', $1")).toBe(first);
});
