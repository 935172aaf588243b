// The environment form's content, and how it becomes what the API takes. Pure.
import type {
  CreateEnvironmentInput,
  Environment,
  Networking,
  UpdateEnvironmentInput,
} from "../../contract/environments.ts";
import { MAX_PACKAGES, packageProblem } from "../../contract/package-names.ts";
import { findMetadataProblem, type MetadataRow, toBag, toPatch, toRows } from "../components/metadata-rows.ts";
import {
  findHostsProblem,
  linesOf,
  type NetworkingDraft,
  toNetworking,
  toNetworkingDraft,
} from "./networking-draft.ts";

/** Those that work on every machine; one whose program is missing says so when it is to install. */
export const INSTALLING_MANAGERS = ["pip", "npm", "go", "cargo", "gem"] as const;
export type InstallingManager = (typeof INSTALLING_MANAGERS)[number];

export type EnvironmentDraft = NetworkingDraft & {
  name: string;
  description: string;
  /** One a line. */
  packages: Record<InstallingManager, string>;
  metadata: MetadataRow[];
};

/** `networking`: what an environment gets that is made without a choice. */
export const newEnvironmentDraft = (networking: Networking): EnvironmentDraft => ({
  name: "",
  description: "",
  ...toNetworkingDraft(networking),
  packages: { pip: "", npm: "", go: "", cargo: "", gem: "" },
  metadata: [],
});

export function toDraft({
  name,
  description,
  config: { networking, packages },
  metadata,
}: Environment): EnvironmentDraft {
  return {
    name,
    description: description ?? "",
    ...toNetworkingDraft(networking),
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
  const hosts = findHostsProblem(draft);
  if (hosts !== null) problems.allowedHosts = hosts;
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
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    config: {
      type: "cloud" as const,
      networking: toNetworking(draft),
      packages: ofEach((manager) => linesOf(draft.packages[manager])),
    },
  };
}

function ofEach<T>(make: (manager: InstallingManager) => T): Record<InstallingManager, T> {
  return { pip: make("pip"), npm: make("npm"), go: make("go"), cargo: make("cargo"), gem: make("gem") };
}
