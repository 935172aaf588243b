import { describe, expect, it } from "vitest";
import { defaultMountPath, isOfRepository, mountPath, pathsMeet, repositoryUrl } from "./repository-place.ts";

describe("the address of a repository", () => {
  it.each([
    ["https://github.com/acme/app", "https://github.com/acme/app"],
    ["https://GitHub.com/acme/app/", "https://github.com/acme/app"],
    ["https://gitlab.example.com/group/sub/app.git", "https://gitlab.example.com/group/sub/app.git"],
    ["https://github.com:443/acme/app", "https://github.com/acme/app"],
  ])("%s is taken", (text, url) => expect(repositoryUrl(text)).toEqual({ url }));

  it.each([
    ["http://github.com/acme/app", /https:/],
    ["git@github.com:acme/app.git", /not a URL/],
    ["ssh://git@github.com/acme/app", /https:/],
    ["https://token@github.com/acme/app", /user or password/],
    ["https://github.com/acme/app?ref=main", /query/],
    ["https://github.com/acme/app#readme", /after #/],
    ["https://github.com:8443/acme/app", /port/],
    ["https://github.com/acme", /name a repository/],
    ["https://github.com/", /name a repository/],
    ["https://github.com/acme//app", /name a repository/],
    ["https://github.com/acme/app%2f..", /name a repository/],
    ["https://github.com/acme/.git", /name a repository/],
    ["https://127.0.0.1/acme/app", /host/],
    ["https://localhost/acme/app", /host/],
    ["https://github.com/acme/app\n", /space or a control/],
    ["", /not a URL/],
  ])("%s is refused", (text, problem) =>
    expect(repositoryUrl(text)).toEqual({ problem: expect.stringMatching(problem) }),
  );
});

it.each([
  ["/acme/app", true],
  ["/acme/app.git", true],
  ["/acme/app.git/info/refs?service=git-upload-pack", true],
  ["/acme/app/info/refs?service=git-receive-pack", true],
  ["/acme/app/", true],
  ["/acme/app2/info/refs", false],
  ["/acme/app.github/info/refs", false],
  ["/acme/app.git2", false],
  ["/acme", false],
  ["/acme/other.git/info/refs", false],
  ["/user/keys?x=/acme/app/", false],
])("%s is of https://github.com/acme/app.git: %s", (path, expected) => {
  for (const url of ["https://github.com/acme/app.git", "https://github.com/acme/app"]) {
    expect(isOfRepository(url, { host: "github.com", path })).toBe(expected);
    expect(isOfRepository(url, { host: "api.github.com", path })).toBe(false);
  }
});

describe("where it lies", () => {
  it("is by its name unless said otherwise", () => {
    expect(defaultMountPath("https://github.com/acme/app.git")).toBe("/workspace/app");
  });
  it.each(["/workspace/app", "/workspace/a b/ü", "/home/agent/app", "/workspace/it's"])("%s is taken", (path) =>
    expect(mountPath(path)).toEqual({ path }),
  );
  it.each([
    "/workspace",
    "/workspace/",
    "app",
    "/etc/app",
    "/workspace/../etc",
    "/workspace/./a",
    "/workspace//a",
    "/home/agent",
    "/workspaces/a",
    "/workspace/a\nb",
    "/workspace/a\0",
    `/workspace/${"a".repeat(256)}`,
  ])("%j is refused", (path) => expect(mountPath(path)).toHaveProperty("problem"));
  it("may not lie in another one", () => {
    expect(pathsMeet("/workspace/a", "/workspace/a")).toBe(true);
    expect(pathsMeet("/workspace/a", "/workspace/a/b")).toBe(true);
    expect(pathsMeet("/workspace/a/b", "/workspace/a")).toBe(true);
    expect(pathsMeet("/workspace/a", "/workspace/ab")).toBe(false);
  });
});
