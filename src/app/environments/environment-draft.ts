// The environment form's content, and how it becomes what the API takes. Pure.
import type {
  CreateEnvironmentInput,
  Environment,
  Networking,
  UpdateEnvironmentInput,
} from "../../contract/environments.ts";
import { parseAllowedHost } from "../../contract/host-names.ts";
import { MAX_PACKAGES, packageProblem } from "../../contract/package-names.ts";
import { findMetadataProblem, type MetadataRow, toBag, toPatch, toRows } from "../components/metadata-rows.ts";

/** Those that work on every machine; one whose program is missing says so when it is to install. */
export const INSTALLING_MANAGERS = ["pip", "npm", "go", "cargo", "gem"] as const;
export type InstallingManager = (typeof INSTALLING_MANAGERS)[number];

export type EnvironmentDraft = {
  name: string;
  description: string;
  networking: Networking["type"];
  /** One a line; of the limited network. */
  allowedHosts: string;
  allowMcpServers: boolean;
  allowPackageManagers: boolean;
  /** One a line. */
  packages: Record<InstallingManager, string>;
  metadata: MetadataRow[];
};

export const newEnvironmentDraft: EnvironmentDraft = {
  name: "",
  description: "",
  networking: "unrestricted",
  allowedHosts: "",
  allowMcpServers: false,
  allowPackageManagers: false,
  packages: { pip: "", npm: "", go: "", cargo: "", gem: "" },
  metadata: [],
};

export const networkingWords: Record<Networking["type"], string> = {
  unrestricted: "Unrestricted network",
  limited: "Limited network",
};

export function toDraft({
  name,
  description,
  config: { networking, packages },
  metadata,
}: Environment): EnvironmentDraft {
  const limits = networking.type === "limited" ? networking : null;
  return {
    name,
    description: description ?? "",
    networking: networking.type,
    allowedHosts: limits?.allowed_hosts.join("\n") ?? "",
    allowMcpServers: limits?.allow_mcp_servers ?? false,
    allowPackageManagers: limits?.allow_package_managers ?? false,
    packages: ofEach((manager) => packages[manager].join("\n")),
    metadata: toRows(metadata),
  };
}

type Field = "name" | "allowedHosts" | "metadata" | `packages.${InstallingManager}`;
export type EnvironmentProblems = Partial<Record<Field, string>>;

/** Null when the draft can be sent; the server has the last word. */
export function findProblems(draft: EnvironmentDraft): EnvironmentProblems | null {
  const problems: EnvironmentProblems = {};
  if (draft.name.trim() === "") problems.name = "Give the environment a name.";
  if (draft.networking === "limited") {
    const hosts = linesOf(draft.allowedHosts);
    const wrong = hosts.find((host) => parseAllowedHost(host).problem !== null);
    if (wrong !== undefined) problems.allowedHosts = `“${wrong}” ${parseAllowedHost(wrong).problem}.`;
    else if (hosts.length > 1_000) problems.allowedHosts = "At most 1000 hosts.";
  }
  for (const manager of INSTALLING_MANAGERS) {
    const packages = linesOf(draft.packages[manager]);
    const wrong = packages.find((name) => packageProblem(name) !== null);
    if (wrong !== undefined) problems[`packages.${manager}`] = `“${wrong.slice(0, 100)}” ${packageProblem(wrong)}.`;
    else if (packages.length > MAX_PACKAGES) problems[`packages.${manager}`] = `At most ${MAX_PACKAGES} packages.`;
  }
  const metadata = findMetadataProblem(draft.metadata);
  if (metadata !== null) problems.metadata = metadata;
  return Object.keys(problems).length === 0 ? null : problems;
}

export function toNewInput(draft: EnvironmentDraft): CreateEnvironmentInput {
  return { ...toInput(draft), metadata: toBag(draft.metadata) };
}

export function toUpdate(draft: EnvironmentDraft, before: Environment): UpdateEnvironmentInput {
  return { ...toInput(draft), metadata: toPatch(draft.metadata, before.metadata) };
}

function toInput(draft: EnvironmentDraft) {
  const networking =
    draft.networking === "unrestricted"
      ? { type: "unrestricted" as const }
      : {
          type: "limited" as const,
          allowed_hosts: linesOf(draft.allowedHosts),
          allow_mcp_servers: draft.allowMcpServers,
          allow_package_managers: draft.allowPackageManagers,
        };
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    config: {
      type: "cloud" as const,
      networking,
      packages: ofEach((manager) => linesOf(draft.packages[manager])),
    },
  };
}

function ofEach<T>(make: (manager: InstallingManager) => T): Record<InstallingManager, T> {
  return { pip: make("pip"), npm: make("npm"), go: make("go"), cargo: make("cargo"), gem: make("gem") };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
