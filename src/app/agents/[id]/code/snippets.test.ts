// Whatever an agent suggests to say, its snippets stay what they are: the text cannot leave its quotes.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { createSnippets } from "./snippets.ts";

const NASTY = `it's "quoted", \`run\` $(me) \\ and\na second line with \${this} and ü 🙂`;
const facts = {
  baseUrl: "http://127.0.0.1:3000",
  agentId: "agent_1",
  environmentId: "env_1",
  message: NASTY,
  apiKey: null,
};
const codeOf = (id: string, changes: object = {}) =>
  createSnippets({ ...facts, ...changes }).find((snippet) => snippet.id === id)?.code ?? "";

test("the shell hands curl the message as it is", () => {
  const quoted = /-d ('[\s\S]*') \| grep/.exec(codeOf("curl"))?.[1] ?? "";
  const body = JSON.parse(execFileSync("sh", ["-c", `printf %s ${quoted}`]).toString());
  expect(body).toMatchObject({ agent: "agent_1", environment_id: "env_1" });
  expect(body.initial_events[0].content[0].text).toBe(NASTY);
});

test("in TypeScript and Python it is one literal", () => {
  expect(codeOf("typescript")).toContain(`text: ${JSON.stringify(NASTY)} `);
  expect(codeOf("python")).toContain(`"text": ${JSON.stringify(NASTY)}}`);
});

test("without a key each program takes it from its environment, with one it is filled in", () => {
  for (const id of ["typescript", "python", "curl"]) {
    expect(codeOf(id)).toContain("BERTH_API_KEY");
    expect(codeOf(id, { apiKey: "berth_secret" })).toContain("berth_secret");
  }
});
