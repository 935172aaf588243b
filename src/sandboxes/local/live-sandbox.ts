// One running sandbox: started in full or not at all, and cleaned up in full however it ends.
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { InstallsFor } from "../../egress/link-protocol.ts";
import { messageOf, PlatformError } from "../../lib/errors.ts";
import { openRunner, type RunnerClient } from "../runner-client.ts";
import type { SandboxLimits } from "../sandbox.ts";
import { INSIDE } from "./bwrap-arguments.ts";
import type { Cgroup, Cgroups } from "./cgroups.ts";
import { type Disks, unmountSoon } from "./disk.ts";
import type { EgressLink, EgressOpened } from "./egress-link.ts";
import { type Host, systemDirectories } from "./host.ts";
import type { JavaSecurityDirectory } from "./java-security-directories.ts";
import { type Launch, type Launched, launchSandbox, socketPathFor } from "./launch.ts";
import type { NetworkNamespace, NetworkNamespaces } from "./network-namespaces.ts";
import type { SandboxRecord } from "./records.ts";

const READY_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_FILE_BYTES = 64 * 1024 * 1024;
const SHARED_MEMORY_MB = 64;

/** What all sandboxes of an installation share. */
export type Workshop = {
  host: () => Host;
  cgroups: Cgroups | null;
  disks: Disks;
  socketDir: string;
  /** Where disks are mounted; reachable by every user id, listable by none. */
  mountDir: string;
  etcDir: string;
  javaSecurityDirectories: readonly JavaSecurityDirectory[];
  nodeFile: string;
  runnerFile: string;
  ptyFile: string | null;
  /** One directory below it for each sandbox, as bubblewrap reaches it. */
  egressDir: string;
  egress: EgressLink;
  networks: NetworkNamespaces;
  log: (event: string, fields: Record<string, unknown>) => void;
};

export type LiveSandbox = {
  readonly identity: string;
  readonly socketPath: string;
  readonly token: string;
  readonly client: RunnerClient;
  readonly pid: number | undefined;
  /** What it is to be set to when it is there to install; empty for others. */
  readonly packageSettings: EgressOpened["packageSettings"];
  /** Where its disk is mounted. */
  readonly diskDir: string;
  setLimits(limits: SandboxLimits): void;
  /** Null without cgroups, or once it has ended. */
  memoryBytes(): number | null;
  /** Settles when processes, cgroups, mounts and socket are gone, whoever ended it. */
  ended: Promise<void>;
  end(): Promise<void>;
};

export async function startSandbox(
  workshop: Workshop,
  options: {
    path: string;
    record: SandboxRecord;
    limits: SandboxLimits;
    env: Readonly<Record<string, string>>;
    /** Those that it reads, or that it is there to install: then they are what its workspace holds in the end. */
    packages: { directory: string } | { installsFor: InstallsFor } | null;
  },
): Promise<LiveSandbox> {
  const { record, limits, packages } = options;
  const installsFor = packages && "installsFor" in packages ? packages.installsFor : undefined;
  const host = workshop.host();
  if (!host.bubblewrap) throw unavailable("bubblewrap is not installed");
  const id = randomBytes(6).toString("hex");
  const token = randomBytes(24).toString("base64url");
  const socketPath = socketPathFor(workshop.socketDir, id);
  const mountPoint = join(workshop.mountDir, id);
  let cgroup: Cgroup | null = null;
  let launched: Launched | null = null;
  let network: NetworkNamespace | null = null;

  const cleanUp = async () => {
    network?.close();
    launched?.process.kill("SIGKILL");
    await cgroup?.destroy();
    await launched?.ended;
    rmSync(socketPath, { force: true });
    workshop.egress.close(id);
    await unmountSoon(workshop.disks.unmount, mountPoint);
  };

  try {
    // Beside the start itself, which takes longer.
    const egressOpen = workshop.egress.open(id, record.identity, installsFor);
    const tmpMb = Math.max(16, Math.min(512, Math.floor(limits.memoryMb / 2)));
    const sharedMemoryMb = Math.min(SHARED_MEMORY_MB, Math.max(1, Math.floor(limits.memoryMb / 4)));
    const uid = record.uid ?? process.getuid?.() ?? 0;
    const [mounted, taken] = await Promise.allSettled([
      workshop.disks.mount(options.path, mountPoint, { uid, scratchMb: tmpMb }),
      workshop.networks.take(),
    ]);
    if (taken.status === "fulfilled") network = taken.value;
    if (mounted.status === "rejected") throw mounted.reason;
    if (taken.status === "rejected") throw taken.reason;
    cgroup = workshop.cgroups?.create(id, limits) ?? null;
    const launch: Launch = {
      bubblewrap: host.bubblewrap,
      identity: outerIdentity(host, record.uid),
      network,
      cgroup,
      limits,
      view: {
        ...mounted.value,
        etcDir: workshop.etcDir,
        javaSecurityDirectories: workshop.javaSecurityDirectories,
        nodeFile: workshop.nodeFile,
        runnerFile: workshop.runnerFile,
        ptyFile: workshop.ptyFile,
        egressDir: join(workshop.egressDir, id),
        systemDirectories: systemDirectories(),
        tmpMb,
        sharedMemoryMb,
        packages: packages && {
          directory: "directory" in packages ? packages.directory : mounted.value.workspaceDir,
          writable: installsFor !== undefined,
        },
      },
      socketPath,
      config: {
        identity: record.identity,
        token,
        env: { ...options.env },
        stateDir: INSIDE.stateDir,
        workspaceDir: INSIDE.workspaceDir,
        homeDir: INSIDE.homeDir,
        maxArchiveBytes: 2 * limits.diskMb * 1024 * 1024,
        maxOutputFileBytes: Math.min(MAX_OUTPUT_FILE_BYTES, limits.diskMb * 1024 * 128),
        // It has a process namespace of its own.
        ownsProcesses: true,
        relaysEgress: true,
      },
    };
    launched = await launchSandbox(launch);
    // Its processes hold it from now on.
    network?.close();
    const client = openRunner({ name: id, identity: record.identity, token, socketPath });
    await untilReady(client, launched);
    const opened = await egressOpen;
    if (!opened && installsFor) throw unavailable("nothing can be installed, for the egress broker does not answer");
    workshop.networks.prepare();
    const onEnd = () =>
      cleanUp().catch((error: unknown) => {
        // Its processes are what matters; a disk that stays mounted is refused, not damaged, at the next start.
        workshop.log("a sandbox ended but could not be cleaned up", { reason: messageOf(error) });
      });
    return live({
      record,
      socketPath,
      token,
      client,
      cgroup,
      launched,
      diskDir: dirname(mounted.value.workspaceDir),
      onEnd,
      packageSettings: opened?.packageSettings ?? [],
    });
  } catch (error) {
    await cleanUp();
    throw error instanceof PlatformError && error.code === "sandbox_unavailable"
      ? error
      : unavailable(messageOf(error), error);
  }
}

function unavailable(reason: string, cause?: unknown): PlatformError {
  return new PlatformError("sandbox_unavailable", `the sandbox could not be started: ${reason}`, { cause });
}

function outerIdentity(host: Host, uid: number | null): Launch["identity"] {
  if (!host.isRoot) return null;
  if (!host.setpriv) throw unavailable("setpriv (util-linux) is not installed");
  if (uid === null) throw unavailable("it was made by a user who is not root; its files have no user id of their own");
  return { setpriv: host.setpriv, uid };
}

/** The socket listens from the start, so the first answer means that the runner is up. */
async function untilReady(client: RunnerClient, launched: Launched): Promise<void> {
  const early = launched.ended.then((said) => {
    throw unavailable(said);
  });
  const late = AbortSignal.timeout(READY_TIMEOUT_MS);
  try {
    await Promise.race([client.health(late), early]);
  } catch (error) {
    client.close();
    // A refused connection and an ended process come together; the process tells more.
    const said = await Promise.race([launched.ended, sleep(200, null)]);
    throw said === null ? error : unavailable(said, error);
  }
}

type LiveParts = {
  record: SandboxRecord;
  socketPath: string;
  token: string;
  client: RunnerClient;
  cgroup: Cgroup | null;
  launched: Launched;
  diskDir: string;
  onEnd: () => Promise<void>;
  packageSettings: LiveSandbox["packageSettings"];
};

function live(parts: LiveParts): LiveSandbox {
  const { record, socketPath, token, client, cgroup, launched, diskDir, onEnd, packageSettings } = parts;
  const ended = launched.ended.then(async () => {
    client.close();
    await onEnd();
  });
  return {
    identity: record.identity,
    socketPath,
    token,
    client,
    pid: launched.process.pid,
    packageSettings,
    diskDir,
    setLimits: (limits) => cgroup?.setLimits(limits),
    memoryBytes: () => cgroup?.memoryBytes() ?? null,
    ended,
    async end() {
      await cgroup?.destroy();
      launched.process.kill("SIGKILL");
      await ended;
    },
  };
}
