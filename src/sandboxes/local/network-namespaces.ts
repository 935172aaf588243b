// The network of a sandbox: a namespace with a loopback interface and nothing else. No address of it leads anywhere outside.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { childEnv } from "../../lib/child-env.ts";
import { messageOf, PlatformError } from "../../lib/errors.ts";
import { RELAY_ADDRESS } from "../../runner/protocol.ts";
import type { Host } from "./host.ts";
import { SYSTEM_PATH } from "./run-command.ts";

const SET_UP_MS = 10_000;
const SAID_BYTES = 1024;
const READY = "ready";

/** For one sandbox. It is held by descriptors alone, so that nothing is left of it when its last process and these are gone. */
export type NetworkNamespace = {
  /** Descriptors that whoever enters it inherits, from `first` on, and the command in front of what is to run in it. */
  enter(first: number): { descriptors: readonly number[]; command: readonly string[] };
  close(): void;
};

export type NetworkNamespaces = {
  /** The one that was made ahead, or a new one. Throws when it could not be set up in full. */
  take(): Promise<NetworkNamespace>;
  /** Makes one ahead, if there is none. */
  prepare(): void;
  close(): Promise<void>;
};

/**
 * The loopback interface is up and has the relay's address, and programs without privileges can listen on every port. As root
 * the namespace is root's, so that nothing in a sandbox has a right over it; otherwise it belongs to a user namespace around the
 * sandbox's own, in which the sandbox starts without rights.
 */
export function createNetworkNamespaces(
  programs: () => Host["network"],
  { isRoot, log }: { isRoot: boolean; log: (event: string, fields: Record<string, unknown>) => void },
): NetworkNamespaces {
  let spare: Promise<NetworkNamespace> | null = null;
  let closed = false;

  function make(): Promise<NetworkNamespace> {
    const found = programs();
    if (found) return makeNamespace(found, { isRoot });
    return Promise.reject(unavailable("ip (iproute2), unshare, nsenter or setpriv (util-linux) is not installed"));
  }

  return {
    take() {
      const taken = spare ?? make();
      spare = null;
      return taken;
    },
    prepare() {
      if (spare || closed) return;
      const making = make();
      spare = making;
      making.catch((error: unknown) => {
        // The next sandbox tries for itself, and says what is missing.
        log("no network could be made ahead of a sandbox", { reason: messageOf(error) });
        if (spare === making) spare = null;
      });
    },
    async close() {
      closed = true;
      const left = await spare?.catch(() => null);
      spare = null;
      left?.close();
    },
  };
}

async function makeNamespace(
  { unshare, nsenter, ip }: NonNullable<Host["network"]>,
  { isRoot }: { isRoot: boolean },
): Promise<NetworkNamespace> {
  const script = [
    "set -e",
    `${ip} -batch - <<'END'`,
    "link set lo up",
    `address add ${RELAY_ADDRESS}/32 dev lo`,
    "END",
    "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start",
    `echo ${READY}`,
    // Until the descriptors are held, or nobody is there to hold them.
    "read -r _ || true",
  ];
  const own = isRoot ? ["--net"] : ["--net", "--user", "--map-current-user", "--keep-caps"];
  const holder = spawn(unshare, [...own, "--", "/bin/sh", "-c", script.join("\n")], {
    cwd: "/",
    env: childEnv({ PATH: SYSTEM_PATH }),
    stdio: ["pipe", "pipe", "pipe"],
    timeout: SET_UP_MS,
    killSignal: "SIGKILL",
  });
  // One that ended closes its end; what it said tells why.
  holder.stdin.on("error", () => undefined);
  let said = "";
  holder.stderr.on("data", (piece: Buffer) => {
    if (said.length < SAID_BYTES) said += piece.toString("utf8");
  });
  const ready = await new Promise<boolean>((resolve, reject) => {
    createInterface({ input: holder.stdout }).once("line", (line) => resolve(line === READY));
    holder.once("error", reject);
    holder.once("close", () => resolve(false));
  });
  try {
    if (!ready) throw unavailable(said.trim().split("\n")[0] || "its network could not be set up");
    const paths = isRoot ? ["net"] : ["user", "net"];
    return holdNamespace(
      nsenter,
      paths,
      paths.map((name) => openSync(`/proc/${holder.pid}/ns/${name}`, "r")),
    );
  } finally {
    holder.stdin.end("\n");
  }
}

function holdNamespace(nsenter: string, kinds: readonly string[], held: readonly number[]): NetworkNamespace {
  let closed = false;
  return {
    enter: (first) => ({
      descriptors: held,
      command: [
        nsenter,
        ...kinds.map((kind, index) => `--${kind}=/proc/self/fd/${first + index}`),
        ...(kinds.includes("user") ? ["--preserve-credentials"] : []),
        "--",
      ],
    }),
    close() {
      if (closed) return;
      closed = true;
      for (const descriptor of held) closeSync(descriptor);
    },
  };
}

function unavailable(reason: string): PlatformError {
  return new PlatformError("sandbox_unavailable", `the sandbox could not be started: ${reason}`);
}
