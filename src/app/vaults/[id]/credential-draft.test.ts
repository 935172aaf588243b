import { expect, test } from "vitest";
import { type Credential, type CredentialAuth, createCredentialInput } from "../../../contract/credentials.ts";
import {
  findProblems,
  findValueProblem,
  newCredentialDraft,
  newValueOf,
  type OfferedKind,
  offeredKinds,
  scopeWords,
  stateOf,
  toNewInput,
  toNewValue,
} from "./credential-draft.ts";

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

test("methods and paths are for all kinds with hosts, and absent where nothing is typed", () => {
  const scope = { methods: "get, HEAD", paths: "/repos/acme\n/user" };
  for (const kind of offeredKinds) {
    const { auth } = createCredentialInput.parse(toNewInput({ ...filled, ...scope, kind, name: namesOf[kind] }));
    const expected = { allowed_methods: ["get", "HEAD"], allowed_path_prefixes: ["/repos/acme", "/user"] };
    if (kind === "static_bearer") expect(auth).not.toHaveProperty("allowed_methods");
    else expect(auth).toMatchObject(expected);
  }
  expect(toNewInput(filled).auth).not.toHaveProperty("allowed_methods");
  expect(toNewInput(filled).auth).not.toHaveProperty("allowed_path_prefixes");
});

test("a list says which requests a credential is for", () => {
  const { auth } = toNewInput({ ...filled, kind: "basic", methods: "GET HEAD", paths: "/acme" });
  expect(scopeWords(auth as CredentialAuth)).toBe("api.github.com, *.example.com; below /acme; GET, HEAD only");
});

test.each([
  ["a path of an address", { ...filled, paths: "api.github.com/repos" }, { paths: /begins with a slash/ }],
  ["methods in words", { ...filled, methods: "GET & HEAD" }, { methods: /Names of methods/ }],
  ["nothing", newCredentialDraft, { name: /GITHUB_TOKEN/, value: /Put in/, hosts: /Name the hosts/ }],
  ["a dash", { ...filled, name: "GITHUB-TOKEN" }, { name: /Letters/ }],
  ["a short value", { ...filled, value: "seven77" }, { value: /At least 8/ }],
  ["a line break", { ...filled, value: "ghp_0123\n4567" }, { value: /line break/ }],
  [
    "the word Bearer",
    { ...filled, kind: "static_bearer" as const, name: namesOf.static_bearer, value: "Bearer abcdefgh12" },
    { value: /^Leave out the word Bearer/ },
  ],
  ["any host for a header", { ...filled, kind: "header" as const, hosts: "", anyHost: true }, { hosts: /Name/ }],
])("%s is told before it is sent", (_what, draft, expected) => {
  const problems = findProblems(draft) ?? {};
  expect(Object.keys(problems).sort()).toEqual(Object.keys(expected).sort());
  for (const [field, words] of Object.entries(expected))
    expect(problems[field as keyof typeof problems]).toMatch(words);
});

test("the word Bearer is told where the server would put another before it, and belongs into a header's value", () => {
  expect(findValueProblem("mcp_oauth", "bearer abcdefgh12")).toMatch(/^Leave out the word Bearer/);
  expect(findValueProblem("header", "Bearer abcdefgh12")).toBeNull();
  expect(findValueProblem("static_bearer", "bearerabcdefgh12")).toBeNull();
});

const oauth = (changes: Partial<Credential> = {}, auth: object = {}): Credential => ({
  ...{ type: "vault_credential", id: "vcrd_1", vault_id: "vlt_1", display_name: null, metadata: {} },
  auth: { type: "mcp_oauth", mcp_server_url: "https://mcp.example.com/", expires_at: null, refresh: null, ...auth },
  ...{ problem: null, problem_since: null, needs_authorization: false },
  ...{ created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z", archived_at: null },
  ...changes,
});

test("a credential says what is wrong with it, since when, and what to do", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  expect(stateOf(oauth(), now)).toBeNull();
  const failed = { problem: "The token endpoint answered 400 invalid_grant.", problem_since: "2026-05-31T00:00:00Z" };
  expect(stateOf(oauth({ ...failed, needs_authorization: true }), now)).toMatchObject({
    ...{ what: "Needs to be authorized again", since: failed.problem_since, why: failed.problem },
    ...{ help: expect.stringMatching(/put in the new token\.$/), asksForTokens: true },
  });
  expect(stateOf(oauth(failed), now)).toMatchObject({
    what: "Could not be renewed",
    ...{ help: expect.stringMatching(/again/), asksForTokens: false },
  });
  const over = { expires_at: "2026-05-01T00:00:00Z" };
  expect(stateOf(oauth({}, over), now)).toMatchObject({ what: "Its token is over", since: over.expires_at });
  expect(stateOf(oauth({}, { ...over, refresh: {} }), now)).toBeNull();
});

test("one token is called one", () => {
  expect(newValueOf(oauth({}, { refresh: {} }))).toBe("tokens");
  expect(newValueOf(oauth({}, { refresh: null }))).toBe("token");
  expect(newValueOf({ auth: { type: "static_bearer" } as CredentialAuth })).toBe("value");
});

test("new tokens of an OAuth credential are sent together, the refresh token only when it is there", () => {
  const value = "new-access-token";
  expect(toNewValue(oauth(), { value, refreshToken: "" })).toEqual({
    ...{ type: "mcp_oauth", access_token: value, expires_at: null },
  });
  expect(toNewValue(oauth(), { value, refreshToken: "new-refresh" })).toMatchObject({
    refresh: { refresh_token: "new-refresh" },
  });
});
