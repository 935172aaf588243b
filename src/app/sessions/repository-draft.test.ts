// What a developer types of a repository, and which field a refusal stands at.
import { expect, test } from "vitest";
import {
  findRepositoryProblems,
  newRepositoryDraft,
  placeOf,
  type RepositoryDraft,
  refusalsIn,
  toRepositoryInput,
} from "./repository-draft.ts";

const draft = (fields: Partial<RepositoryDraft>): RepositoryDraft => ({ ...newRepositoryDraft, ...fields });
const url = "https://git.example.com/acme/app.git";

test.each<[Partial<RepositoryDraft>, ReturnType<typeof toRepositoryInput>]>([
  [{ url: ` ${url} ` }, { type: "github_repository", url }],
  [
    { url, ref: "release/1.x", token: " ghp_0123456789 ", mountPath: "/home/agent/app" },
    {
      ...{ type: "github_repository", url, authorization_token: "ghp_0123456789", mount_path: "/home/agent/app" },
      checkout: { type: "branch", name: "release/1.x" },
    },
  ],
  [
    { url, ref: "A".repeat(40) },
    { type: "github_repository", url, checkout: { type: "commit", sha: "A".repeat(40) } },
  ],
  // A short one may be a branch; the host says whether it is there.
  [
    { url, ref: "abc1234" },
    { type: "github_repository", url, checkout: { type: "branch", name: "abc1234" } },
  ],
])("%j is sent as %j", (typed, input) => {
  expect(findRepositoryProblems(draft(typed))).toBeNull();
  expect(toRepositoryInput(draft(typed))).toEqual(input);
});

test.each<[Partial<RepositoryDraft>, keyof RepositoryDraft, RegExp]>([
  [{}, "url", /^Put in its address/],
  [{ url: "git@github.com:acme/app.git" }, "url", /^(Is not a URL|Must begin with https)/],
  [{ url: "http://git.example.com/acme/app" }, "url", /^Must begin with https:\/\//],
  [{ url: "https://me:secret@git.example.com/acme/app" }, "url", /^Holds a user or password/],
  [{ url: "https://git.example.com/" }, "url", /^Must name a repository/],
  [{ url, mountPath: "/etc" }, "mountPath", /^Must lie below \/workspace or \/home\/agent/],
  [{ url, mountPath: "/workspace/../x" }, "mountPath", /^Must be written without/],
  [{ url, mountPath: `/workspace/${"ü".repeat(200)}` }, "mountPath", /longer than 255 bytes/],
])("%j is not sent: %s", (typed, field, words) => {
  expect(findRepositoryProblems(draft(typed))?.[field]).toMatch(words);
});

test("where it lies is said while it is typed", () => {
  expect(placeOf("https://git.example.com/acme/app.git")).toBe("/workspace/app");
  expect(placeOf("https://git.exa")).toBeNull();
});

test("a refusal stands at its field, of its repository", () => {
  expect(refusalsIn("resources.1.mount_path: /workspace/app is taken by another resource; give it another")).toEqual(
    new Map([[1, { mountPath: "/workspace/app is taken by another resource; give it another." }]]),
  );
  expect(
    refusalsIn(
      "resources.0.checkout.name: is not the name of a branch; resources.0.url: is too long; resources.2.authorization_token: must have at least 8 characters",
    ),
  ).toEqual(
    new Map([
      [0, { ref: "Is not the name of a branch.", url: "Is too long." }],
      [2, { token: "Must have at least 8 characters." }],
    ]),
  );
  expect(refusalsIn("authorization_token: is a common word")).toEqual(new Map([[0, { token: "Is a common word." }]]));
  expect(refusalsIn("resources: a session has 20 at most")).toBeNull();
  expect(refusalsIn("agent: there is no agent")).toBeNull();
});
