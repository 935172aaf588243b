// An environment is shown as it is, and what the form makes of it the API takes.
import { expect, test } from "vitest";
import {
  createEnvironmentInput,
  DEFAULT_CONFIG,
  type Environment,
  resolveConfig,
  updateEnvironmentInput,
} from "../../contract/environments.ts";
import { patchMetadata } from "../../contract/fields.ts";
import { findProblems, newEnvironmentDraft, toDraft, toNewInput, toUpdate } from "./environment-draft.ts";

const blank = newEnvironmentDraft({ type: "unrestricted" });

const environment: Environment = {
  type: "environment",
  id: "env_1",
  name: "builds",
  description: null,
  config: {
    ...DEFAULT_CONFIG,
    networking: {
      type: "limited",
      allow_mcp_servers: false,
      allow_package_managers: true,
      allowed_hosts: ["api.example.com", "*.example.org"],
    },
    packages: { ...DEFAULT_CONFIG.packages, pip: ["rich==13.9.4", "uvicorn[standard]>=0.30,<1"], gem: ["rake:13.2.1"] },
  },
  metadata: { owner: "me" },
  scope: "organization",
  is_default: false,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  archived_at: null,
};

function afterSaving(draft: ReturnType<typeof toDraft>): Environment {
  const input = updateEnvironmentInput.parse(toUpdate(draft, environment));
  return {
    ...environment,
    name: input.name ?? environment.name,
    description: input.description ?? null,
    config: resolveConfig(input.config, environment.config),
    metadata: patchMetadata(environment.metadata, input.metadata),
  };
}

test("saving what nobody touched changes nothing", () =>
  expect(afterSaving(toDraft(environment))).toEqual(environment));

test("what is typed is what is saved", () => {
  const typed = {
    ...toDraft(environment),
    name: " tests ",
    description: "For tests",
    networking: "unrestricted" as const,
    metadata: [{ key: "team", value: "core" }],
    packages: { ...blank.packages, npm: " left-pad@1.3.0 \n\n@types/node" },
  };
  expect(afterSaving(typed)).toMatchObject({
    name: "tests",
    description: "For tests",
    config: {
      networking: { type: "unrestricted" },
      packages: { ...DEFAULT_CONFIG.packages, npm: ["left-pad@1.3.0", "@types/node"] },
    },
    metadata: { team: "core" },
  });
});

test("a new environment is what the API takes", () => {
  const limited = {
    ...blank,
    name: "n",
    networking: "limited" as const,
    allowedHosts: "a.example\n\n b.example ",
  };
  expect(createEnvironmentInput.parse(toNewInput(limited)).config?.networking).toMatchObject({
    type: "limited",
    allowed_hosts: ["a.example", "b.example"],
  });
  expect(createEnvironmentInput.parse(toNewInput({ ...blank, name: "n" })).metadata).toEqual({});
});

test.each([
  [{ name: " " }, "name"],
  [{ networking: "limited", allowedHosts: "https://a.example" }, "allowedHosts"],
  [{ networking: "limited", allowedHosts: "a b" }, "allowedHosts"],
  [{ networking: "limited", allowedHosts: "a.example\n".repeat(1_001) }, "allowedHosts"],
  [{ packages: { ...blank.packages, pip: "rich\n--index-url=https://x" } }, "packages.pip"],
  [{ packages: { ...blank.packages, npm: "left-pad\n../other" } }, "packages.npm"],
  [{ packages: { ...blank.packages, go: "a.example/b\n".repeat(101) } }, "packages.go"],
  [{ metadata: [{ key: "", value: "x" }] }, "metadata"],
] as const)("%j cannot be sent, and the form says where", (changes, field) => {
  const draft = {
    ...blank,
    name: "n",
    ...changes,
  } as ReturnType<typeof newEnvironmentDraft>;
  expect(findProblems(draft)).toHaveProperty([field]);
});

test("hosts of an unrestricted network are not looked at", () => {
  expect(findProblems({ ...blank, name: "n", allowedHosts: "https://" })).toBeNull();
});
