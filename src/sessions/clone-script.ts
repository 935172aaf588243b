// The command that clones a repository inside the sandbox, and what its end means. Pure.
import type { RepositoryErrorType } from "../contract/events.ts";
import type { RepositoryConfig } from "../db/session-resources.ts";
import { visibleProse } from "../lib/visible-text.ts";
import type { OperationResult } from "../sandboxes/sandbox.ts";

/** A large repository over a slow line. */
export const CLONE_TIMEOUT_MS = 30 * 60_000;
const NOT_CHECKED_OUT = 3;
const TAKEN = 4;
const NO_GIT = 5;
const MAX_SAID = 600;

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Runs any number of times: what is there already stays as it is, and what was cut off begins anew. No variable of it outlives it, and
 * nothing that a repository brings is run. There is no token in it: the broker puts that into the requests.
 */
export function cloneScript({ url, mount_path, checkout }: RepositoryConfig): string {
  const git = "git -c credential.helper= -c core.askPass= -c core.hooksPath=/dev/null";
  const inPart = `${git} -C "$part"`;
  return [
    "(",
    `url=${quote(url)} to=${quote(mount_path)}`,
    'part="$to.berth-part"',
    "export LC_ALL=C GIT_TERMINAL_PROMPT=0",
    "unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_ASKPASS SSH_ASKPASS",
    `command -v git >/dev/null || exit ${NO_GIT}`,
    '[ -e "$to/.git" ] && exit 0',
    `if [ -e "$to" ] && ! rmdir -- "$to" 2>/dev/null; then exit ${TAKEN}; fi`,
    'mkdir -p -- "$(dirname -- "$to")" || exit 1',
    'rm -rf -- "$part"',
    `${git} clone --quiet --no-checkout -- "$url" "$part" </dev/null || { rm -rf -- "$part"; exit 1; }`,
    `{ ${checkoutOf(checkout, inPart)}; } </dev/null || { rm -rf -- "$part"; exit ${NOT_CHECKED_OUT}; }`,
    'mv -T -- "$part" "$to" || exit 1',
    ")",
  ].join("\n");
}

function checkoutOf(checkout: RepositoryConfig["checkout"], git: string): string {
  // A repository without a commit has nothing to check out.
  if (checkout === null)
    return `if ${git} rev-parse --quiet --verify HEAD >/dev/null; then ${git} checkout --quiet; fi`;
  if (checkout.type === "branch") {
    const branch = quote(checkout.name);
    const remote = `refs/remotes/origin/${checkout.name}`;
    const there = `${git} show-ref --verify --quiet ${quote(remote)}`;
    return `${there} && ${git} checkout --quiet -B ${branch} --track ${quote(`origin/${checkout.name}`)}`;
  }
  const sha = checkout.sha.toLowerCase();
  const there = `${git} cat-file -e ${sha}^{commit} 2>/dev/null`;
  return `{ ${there} || ${git} fetch --quiet origin ${sha}; } && ${git} -c advice.detachedHead=false checkout --quiet --detach ${sha}`;
}

export type CloneProblem = { type: RepositoryErrorType; message: string };

/** Null: it is there. What the sandbox says may be anything: it is shown, and decides only on the words. */
export function cloneProblem(
  { url, mount_path, checkout }: RepositoryConfig,
  result: OperationResult,
  hasToken: boolean,
): CloneProblem | null {
  if (result.outcome === "ok" && result.exitCode === 0) return null;
  const { type, why } = reasonOf(result, { mount_path, checkout, hasToken });
  const said = lastLines(result.content);
  return {
    type,
    message: `The repository ${url} is not at ${mount_path}: ${why}${why.endsWith("?") ? "" : "."}${said ? ` git said: ${said}` : ""}`,
  };
}

function reasonOf(
  { content, exitCode }: OperationResult,
  { mount_path, checkout, hasToken }: Pick<RepositoryConfig, "mount_path" | "checkout"> & { hasToken: boolean },
): { type: RepositoryErrorType; why: string } {
  const clone = (why: string) => ({ type: "repository_clone_error" as const, why });
  if (exitCode === NO_GIT) return clone("there is no git in this sandbox");
  if (exitCode === TAKEN) return clone(`something else lies at ${mount_path} already`);
  if (exitCode === NOT_CHECKED_OUT) {
    const what =
      checkout === null
        ? "its default branch"
        : checkout.type === "branch"
          ? `the branch ${checkout.name}`
          : `the commit ${checkout.sha}`;
    return { type: "repository_checkout_error", why: `${what} could not be checked out: is it there?` };
  }
  if (/Refused by the sandbox's egress broker/.test(content)) return clone("its host could not be reached");
  if (/error: 401|Authentication failed|could not read (?:Username|Password)/.test(content))
    return {
      type: "repository_authentication_error",
      why: hasToken ? "its host does not take the token: give it another one" : "its host asks for a token",
    };
  if (/error: 403/.test(content))
    return { type: "repository_forbidden_error", why: "its host does not let the token read it" };
  if (/error: 404/i.test(content) || content.split("\n").some(isUnknownRepository))
    return {
      type: "repository_not_found_error",
      why: `its host does not know it, or not to ${hasToken ? "who has this token" : "strangers: it may need a token"}`,
    };
  return clone("it could not be cloned");
}

/** By its ends: a pattern with anything between them would look at a line that says "repository" thousands of times as often. */
function isUnknownRepository(line: string): boolean {
  const lower = line.toLowerCase();
  const at = lower.indexOf("repository ");
  return at >= 0 && lower.lastIndexOf(" not found") >= at + "repository".length;
}

function lastLines(content: string): string {
  const lines = visibleProse(content)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^(?:fatal|error|remote|warning): |^bash: /.test(line));
  return lines.join(" ").slice(-MAX_SAID);
}
