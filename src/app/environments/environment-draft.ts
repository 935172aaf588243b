// The environment form's content, and how it becomes what the API takes. Pure.
import type {
  CreateEnvironmentInput,
  Environment,
  Networking,
  UpdateEnvironmentInput,
} from "../../contract/environments.ts";
import { parseAllowedHost } from "../../contract/host-names.ts";
import { findMetadataProblem, type MetadataRow, toBag, toPatch, toRows } from "../components/metadata-rows.ts";

export type EnvironmentDraft = {
  name: string;
  description: string;
  networking: Networking["type"];
  /** One a line; of the limited network. */
  allowedHosts: string;
  allowMcpServers: boolean;
  allowPackageManagers: boolean;
  metadata: MetadataRow[];
};

export const newEnvironmentDraft: EnvironmentDraft = {
  name: "",
  description: "",
  networking: "unrestricted",
  allowedHosts: "",
  allowMcpServers: false,
  allowPackageManagers: false,
  metadata: [],
};

export const networkingWords: Record<Networking["type"], string> = {
  unrestricted: "Unrestricted network",
  limited: "Limited network",
};

export function toDraft({ name, description, config: { networking }, metadata }: Environment): EnvironmentDraft {
  const limits = networking.type === "limited" ? networking : null;
  return {
    name,
    description: description ?? "",
    networking: networking.type,
    allowedHosts: limits?.allowed_hosts.join("\n") ?? "",
    allowMcpServers: limits?.allow_mcp_servers ?? false,
    allowPackageManagers: limits?.allow_package_managers ?? false,
    metadata: toRows(metadata),
  };
}

export type EnvironmentProblems = Partial<Record<"name" | "allowedHosts" | "metadata", string>>;

/** Null when the draft can be sent; the server has the last word. */
export function findProblems(draft: EnvironmentDraft): EnvironmentProblems | null {
  const problems: EnvironmentProblems = {};
  if (draft.name.trim() === "") problems.name = "Give the environment a name.";
  if (draft.networking === "limited") {
    const hosts = hostsOf(draft);
    const wrong = hosts.find((host) => parseAllowedHost(host).problem !== null);
    if (wrong !== undefined) problems.allowedHosts = `“${wrong}” ${parseAllowedHost(wrong).problem}.`;
    else if (hosts.length > 1_000) problems.allowedHosts = "At most 1000 hosts.";
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
          allowed_hosts: hostsOf(draft),
          allow_mcp_servers: draft.allowMcpServers,
          allow_package_managers: draft.allowPackageManagers,
        };
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    config: { type: "cloud" as const, networking },
  };
}

function hostsOf({ allowedHosts }: EnvironmentDraft): string[] {
  return allowedHosts
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
