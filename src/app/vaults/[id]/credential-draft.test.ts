import { expect, test } from "vitest";
import { createCredentialInput } from "../../../contract/credentials.ts";
import { findProblems, newCredentialDraft, type OfferedKind, offeredKinds, toNewInput } from "./credential-draft.ts";

const filled = {
  ...newCredentialDraft,
  name: " GITHUB_TOKEN ",
  value: "ghp_0123456789",
  hosts: "api.github.com,\n *.example.com \n\n",
};
const namesOf: Record<OfferedKind, string> = {
  environment_variable: "GITHUB_TOKEN",
  static_bearer: "https://mcp.example.com/sse",
  basic: "x-access-token",
  header: "X-Api-Key",
  aws_sigv4: "AKIAEXAMPLE",
};

test.each([...offeredKinds])("%s: what the form makes is what the API takes", (kind) => {
  const draft = { ...filled, kind, name: namesOf[kind] };
  expect(findProblems(draft)).toBeNull();
  const input = createCredentialInput.parse(toNewInput(draft));
  expect(JSON.stringify(input)).toContain(draft.value);
  if (kind !== "static_bearer")
    expect(input.auth).toMatchObject({ networking: { allowed_hosts: ["api.github.com", "*.example.com"] } });
});

test("any host, and the body, are for variables", () => {
  const input = toNewInput({ ...filled, hosts: "", anyHost: true, inBody: true, displayName: " CI " });
  expect(input).toMatchObject({
    display_name: "CI",
    auth: { networking: { type: "unrestricted" }, injection_location: { header: true, body: true } },
  });
});

test.each([
  ["nothing", newCredentialDraft, { name: /GITHUB_TOKEN/, value: /Put in/, hosts: /Name the hosts/ }],
  ["a dash", { ...filled, name: "GITHUB-TOKEN" }, { name: /Letters/ }],
  ["a short value", { ...filled, value: "seven77" }, { value: /At least 8/ }],
  ["a line break", { ...filled, value: "ghp_0123\n4567" }, { value: /line break/ }],
  ["any host for a header", { ...filled, kind: "header" as const, hosts: "", anyHost: true }, { hosts: /Name/ }],
])("%s is told before it is sent", (_what, draft, expected) => {
  const problems = findProblems(draft) ?? {};
  expect(Object.keys(problems).sort()).toEqual(Object.keys(expected).sort());
  for (const [field, words] of Object.entries(expected))
    expect(problems[field as keyof typeof problems]).toMatch(words);
});
