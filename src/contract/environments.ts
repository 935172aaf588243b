// Environments: where sessions run, as the API takes and returns them.
import { z } from "zod";
import { listQuery, metadata, NOT_SUPPORTED } from "./fields.ts";
import { parseAllowedHost } from "./host-names.ts";
import { MAX_PACKAGES, PACKAGE_MANAGERS, type PackageManager, packageProblem } from "./package-names.ts";

export type PackageLists = Record<PackageManager, string[]>;
export type Networking =
  | { type: "unrestricted" }
  | { type: "limited"; allow_mcp_servers: boolean; allow_package_managers: boolean; allowed_hosts: string[] };
export type CloudConfig = {
  type: "cloud";
  networking: Networking;
  packages: PackageLists & { type: "packages" };
};

export type Environment = {
  type: "environment";
  id: string;
  name: string;
  description: string | null;
  config: CloudConfig;
  metadata: Record<string, string>;
  scope: "organization";
  /** Berth's own addition: sessions that name no environment are made in it. It can be neither archived nor deleted. */
  is_default: boolean;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
};

export const MAX_ALLOWED_HOSTS = 1000;

const packageName = z.string().superRefine((text, context) => {
  const problem = packageProblem(text);
  if (problem !== null)
    context.addIssue({ code: "custom", message: `${JSON.stringify(text.slice(0, 100))} ${problem}` });
});
const packageList = z.array(packageName).max(MAX_PACKAGES).nullish();
/** Said where a backend can't. */
export const NO_APT =
  'apt packages need a backend that makes sandboxes from images of their own. This release has the backend "local", whose sandboxes see the system of the machine that Berth runs on: install them there, or use pip, npm, cargo, go or gem';
const aptList = z.array(z.string()).max(0, { error: NO_APT }).nullish();
const packages = z
  .strictObject({
    type: z.literal("packages").optional(),
    apt: aptList,
    cargo: packageList,
    gem: packageList,
    go: packageList,
    npm: packageList,
    pip: packageList,
  })
  .nullish();
const allowedHost = z.string().superRefine((text, context) => {
  const { problem } = parseAllowedHost(text);
  if (problem !== null)
    context.addIssue({ code: "custom", message: `${JSON.stringify(text.slice(0, 100))} ${problem}` });
});
/** As it is written; what is open is decided by `resolveNetworking`. */
export const limitedNetworking = z.strictObject({
  type: z.literal("limited"),
  allow_mcp_servers: z.boolean().nullish(),
  allow_package_managers: z.boolean().nullish(),
  allowed_hosts: z.array(allowedHost).max(MAX_ALLOWED_HOSTS).nullish(),
});
export const networkingInput = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("unrestricted") }),
  limitedNetworking,
]);
const networking = networkingInput.nullish();
const config = z
  .discriminatedUnion("type", [z.strictObject({ type: z.literal("cloud"), networking, packages })], {
    error: (issue) =>
      typeof issue.input === "object" &&
      issue.input !== null &&
      "type" in issue.input &&
      issue.input.type === "self_hosted"
        ? `self_hosted ${NOT_SUPPORTED}`
        : 'must be "cloud"',
  })
  .nullish();
export type CloudConfigInput = NonNullable<z.infer<typeof config>>;

const scope = z.literal("organization", { error: 'must be "organization"' }).nullish();
export const createEnvironmentInput = z.strictObject({
  name: z.string().min(1).max(256),
  description: z.string().max(2048).nullish(),
  config,
  metadata: metadata.nullish(),
  scope,
});
export const updateEnvironmentInput = z.strictObject({
  name: z.string().min(1).max(256).nullish(),
  description: z.string().max(2048).nullish(),
  config,
  /** Null or an empty text deletes a key. */
  metadata: z.record(z.string().min(1).max(64), z.string().max(512).nullable()).nullish(),
  scope,
});
export type CreateEnvironmentInput = z.infer<typeof createEnvironmentInput>;
/** Berth's own. */
export const allowHostInput = z.strictObject({ host: allowedHost });
export type UpdateEnvironmentInput = z.infer<typeof updateEnvironmentInput>;

export const listEnvironmentsQuery = z.strictObject({
  ...listQuery,
  include_archived: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
});

/** A new environment's config with this networking; limited ones allow nothing yet. */
export function configWith(type: Networking["type"]): CloudConfig {
  return resolveConfig({ type: "cloud", networking: { type } }, DEFAULT_CONFIG);
}

export const DEFAULT_CONFIG: CloudConfig = {
  type: "cloud",
  networking: { type: "unrestricted" },
  packages: { type: "packages", apt: [], cargo: [], gem: [], go: [], npm: [], pip: [] },
};

/** Fills in what the input leaves open from what was there before. */
export function resolveConfig(input: CloudConfigInput | null | undefined, before: CloudConfig): CloudConfig {
  if (!input) return before;
  return {
    ...before,
    networking: resolveNetworking(input.networking, before.networking),
    packages: resolvePackages(input.packages, before.packages),
  };
}

/** Lists and switches of a limited one that are not named are those of before, or nothing. */
export function resolveNetworking(asked: CloudConfigInput["networking"], before: Networking): Networking {
  if (!asked) return before;
  if (asked.type === "unrestricted") return { type: "unrestricted" };
  const kept = before.type === "limited" ? before : null;
  return {
    type: "limited",
    allow_mcp_servers: asked.allow_mcp_servers ?? kept?.allow_mcp_servers ?? false,
    allow_package_managers: asked.allow_package_managers ?? kept?.allow_package_managers ?? false,
    allowed_hosts: asked.allowed_hosts ?? kept?.allowed_hosts ?? [],
  };
}

/** A package manager that is not named keeps its packages. */
function resolvePackages(
  asked: CloudConfigInput["packages"],
  before: CloudConfig["packages"],
): CloudConfig["packages"] {
  const lists = PACKAGE_MANAGERS.map((manager) => [manager, asked?.[manager] ?? before[manager]] as const);
  return { type: "packages", ...(Object.fromEntries(lists) as PackageLists) };
}
