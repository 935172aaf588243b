// Which packages an environment may list, and what a change of it keeps.
import { expect, test } from "vitest";
import { createEnvironmentInput, DEFAULT_CONFIG, resolveConfig } from "./environments.ts";

const parse = (packages: object) =>
  createEnvironmentInput.safeParse({ name: "x", config: { type: "cloud", packages } });

test.each([
  [{ pip: ["rich==13.9.4", "uvicorn[standard]>=0.30,<1", "ruff~=0.8", "torch!=2.0.*"] }],
  [{ npm: ["left-pad", "@types/node@22", "typescript@^5.0.0"] }],
  [{ go: ["golang.org/x/tools/cmd/goimports@latest"], cargo: ["ripgrep@14.1.1"], gem: ["rake:13.2.1"], apt: [] }],
])("%j can be listed", (packages) => expect(parse(packages).success).toBe(true));

test.each([
  [{ pip: ["--index-url=https://a.example"] }, /begins with a dash/],
  [{ npm: ["x; id"] }, /is not a package's name/],
  [{ npm: ["../x"] }, /is not a package's name/],
  [{ gem: ["/etc/passwd"] }, /is not a package's name/],
  [{ pip: ["a\nb"] }, /is not a package's name/],
  [{ pip: [""] }, /is empty/],
  [{ go: ["a".repeat(201)] }, /longer than 200/],
  [{ apt: ["ffmpeg"] }, /backend that makes sandboxes from images .* "local"/],
  [{ conda: ["x"] }, /conda/],
])("%j is refused with the reason", (packages, reason) => {
  const { error } = parse(packages);
  expect(error?.issues[0]?.message).toMatch(reason);
});

test("a package manager that is not named keeps its packages; an empty list takes them away", () => {
  const before = resolveConfig({ type: "cloud", packages: { pip: ["a"], npm: ["b"] } }, DEFAULT_CONFIG);
  const after = resolveConfig({ type: "cloud", packages: { npm: [], gem: ["c"] } }, before);
  expect(after.packages).toEqual({ ...DEFAULT_CONFIG.packages, pip: ["a"], gem: ["c"] });
  expect(resolveConfig({ type: "cloud", networking: { type: "limited" } }, after).packages).toEqual(after.packages);
});
