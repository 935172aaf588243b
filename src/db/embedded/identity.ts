// As whom the embedded Postgres runs. It refuses to be root and wants its user to have a name, so root needs a way around.
import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";

/** `nobody` exists in every passwd. */
const NOBODY = 65_534;

export type IdentityFacts = {
  platform: NodeJS.Platform;
  /** -1 where there are no uids. */
  uid: number;
  /** The uid has an entry in passwd; containers often run under one that has none. */
  named: boolean;
  /** `unshare --user` is there and allowed. */
  userNamespaces: boolean;
  /** `setpriv` of util-linux is there. */
  setpriv: boolean;
};

/**
 * `direct`: as we are · `namespace`: as we are, called nobody in a user namespace · `nobody`: root gives up its uid and keeps the one
 * right to pass our 0700 directories · `impossible`: in words.
 */
export type Identity =
  | { kind: "direct" | "namespace" | "nobody"; command: readonly string[]; owner: number }
  | { kind: "impossible"; why: string };

/** Pure. `command` is put in front of initdb and postgres. */
export function chooseIdentity(facts: IdentityFacts): Identity {
  if (facts.uid !== 0 && (facts.named || facts.uid === -1)) return { kind: "direct", command: [], owner: facts.uid };
  if (facts.userNamespaces) {
    return {
      kind: "namespace",
      command: ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`],
      owner: facts.uid,
    };
  }
  if (facts.uid === 0 && facts.setpriv) {
    const rights = ["--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override"];
    return {
      kind: "nobody",
      command: ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...rights],
      owner: NOBODY,
    };
  }
  if (facts.uid !== 0)
    return {
      kind: "impossible",
      why: `The user id ${facts.uid} has no name in /etc/passwd, and user namespaces are not allowed here.`,
    };
  return {
    kind: "impossible",
    why: "Postgres refuses to run as root, and neither user namespaces nor setpriv are available here.",
  };
}

/** In front of postgres: Linux ends it cleanly when the process that started it is gone. Comes after every change of identity, which resets it. */
export function deathSignal(facts: IdentityFacts): readonly string[] {
  return facts.platform === "linux" && facts.setpriv ? ["setpriv", "--pdeathsig", "INT"] : [];
}

export function gatherIdentityFacts(): IdentityFacts {
  const linux = process.platform === "linux";
  const uid = process.getuid?.() ?? -1;
  const named = isNamed();
  const needsNamespace = linux && (uid === 0 || !named);
  return {
    platform: process.platform,
    uid,
    named,
    userNamespaces:
      needsNamespace && succeeds("unshare", ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, "true"]),
    setpriv: linux && succeeds("setpriv", ["--version"]),
  };
}

function isNamed(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false; // Node throws when passwd has no entry: that is the answer.
  }
}

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
}
