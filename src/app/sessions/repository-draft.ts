// What is typed of a repository, how it becomes what the API takes, and where the server's refusals belong. Pure.
import { defaultMountPath, mountPath, repositoryUrl } from "../../contract/repository-place.ts";
import type { SessionResourceInput } from "../../contract/session-resources.ts";

export type RepositoryDraft = {
  url: string;
  /** A branch, or a commit by its whole SHA; empty: the default branch. */
  ref: string;
  /** Empty: the place that the repository's name gives. */
  mountPath: string;
  /** Empty: it is public. */
  token: string;
};
export type RepositoryProblems = Partial<Record<keyof RepositoryDraft, string>>;

export const newRepositoryDraft: RepositoryDraft = { url: "", ref: "", mountPath: "", token: "" };

const WHOLE_SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Null when it can be sent; the server has the last word. */
export function findRepositoryProblems(draft: RepositoryDraft): RepositoryProblems | null {
  const problems: RepositoryProblems = {};
  const address = repositoryUrl(draft.url.trim());
  if (draft.url.trim() === "") problems.url = "Put in its address, such as https://github.com/acme/app.";
  else if ("problem" in address) problems.url = sentence(address.problem);
  const place = draft.mountPath.trim() === "" ? null : mountPath(draft.mountPath.trim());
  if (place && "problem" in place) problems.mountPath = sentence(place.problem);
  return Object.keys(problems).length === 0 ? null : problems;
}

export function toRepositoryInput(draft: RepositoryDraft): SessionResourceInput {
  const ref = draft.ref.trim();
  const place = draft.mountPath.trim();
  const token = draft.token.trim();
  return {
    type: "github_repository",
    url: draft.url.trim(),
    ...(token === "" ? {} : { authorization_token: token }),
    ...(ref === ""
      ? {}
      : { checkout: WHOLE_SHA.test(ref) ? { type: "commit", sha: ref } : { type: "branch", name: ref } }),
    ...(place === "" ? {} : { mount_path: place }),
  };
}

/** Where it lies when nothing is said; null while the address names no repository. */
export function placeOf(url: string): string | null {
  const address = repositoryUrl(url.trim());
  return "url" in address ? defaultMountPath(address.url) : null;
}

const FIELDS: Record<string, keyof RepositoryDraft> = {
  url: "url",
  checkout: "ref",
  mount_path: "mountPath",
  authorization_token: "token",
};
const NAMED = String.raw`(?:resources\.(\d+)\.)?(url|checkout|mount_path|authorization_token)(?:\.\w+)*: `;
const BETWEEN = new RegExp(`; (?=${NAMED.replaceAll("(\\d+)", "\\d+").replace("(url", "(?:url")})`);
const ONE = new RegExp(`^${NAMED}(.*)$`, "s");

/** Of a request's failure, what belongs to a field, by the repository's place in the request; null: it is about something else. */
export function refusalsIn(message: string): ReadonlyMap<number, RepositoryProblems> | null {
  const found = new Map<number, RepositoryProblems>();
  for (const part of message.split(BETWEEN)) {
    const [, index = "0", name = "", why = ""] = ONE.exec(part) ?? [];
    const field = FIELDS[name];
    if (!field) return null;
    found.set(Number(index), { [field]: sentence(why), ...found.get(Number(index)) });
  }
  return found;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
