// The privileged helper of the local backend put together: what the host can hold, the fleet, and the API on a socket.
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { dirname, join, resolve } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import type { SandboxLimits, SandboxSelfTest } from "../sandbox.ts";
import { type Cgroups, hostLayout, openCgroups } from "./cgroups.ts";
import { createControlServer } from "./control-server.ts";
import { directoryDisks, imageDisks } from "./disk.ts";
import { createEgressLink } from "./egress-link.ts";
import { createFleet, type FleetLog } from "./fleet.ts";
import { readHost } from "./host.ts";
import { writeJavaSecurityDirectories } from "./java-security-directories.ts";
import { startSandbox, type Workshop } from "./live-sandbox.ts";
import { createNetworkNamespaces } from "./network-namespaces.ts";
import { createPackageStore, type PackageStore } from "./package-store.ts";
import { createRecords, firstUidFor, installationHash } from "./records.ts";
import { runCommand } from "./run-command.ts";
import { PROBE_COMMAND, type Probe, runSelfTest } from "./self-test.ts";
import { writeSystemFiles } from "./system-files.ts";

/** Mounted over in a mount namespace of our own; the directory itself stays empty. */
export const STAGE_DIR = "/run/berth-sandboxd";

const PACKAGE_UIDS = 60_000;

export type SandboxdOptions = {
  dataDir: string;
  runnerFile: string;
  /** The native half of the pty library; null where there is none for this machine: no terminals. */
  ptyFile: string | null;
  warm: number;
  limits: SandboxLimits;
  /** Of installed packages of all environments together. */
  packagesDiskMb: number;
  log: FleetLog;
};

export type Sandboxd = { socketPath: string; selfTest: () => Promise<SandboxSelfTest>; stop: () => Promise<void> };

export async function startSandboxd(options: SandboxdOptions): Promise<Sandboxd> {
  const { limits, log } = options;
  const dataDir = resolve(options.dataDir);
  const hash = installationHash(dataDir);
  const runDir = join(dataDir, "run");
  const socketDir = join(runDir, "sandboxes");
  const socketPath = join(runDir, "sandboxd.sock");
  mkdirSync(socketDir, { recursive: true, mode: 0o700 });
  chmodSync(socketDir, 0o700);
  await refuseSecond(socketPath);

  const isRoot = process.getuid?.() === 0;
  const cgroups = isRoot ? tryCgroups(hash, options) : { problem: "not root" };
  // First the processes of a killed predecessor, then their sockets and disks.
  if ("sweep" in cgroups) await cgroups.sweep();
  for (const entry of readdirSync(socketDir)) rmSync(join(socketDir, entry), { force: true });
  rmSync(socketPath, { force: true });

  const stageDir = isRoot ? STAGE_DIR : join(runDir, "stage");
  const { runnerFile, ptyFile } = options;
  const egressDir = makeEgressDir({ isRoot, hash, runDir });
  const egress = createEgressLink({ socketPath: join(runDir, "egress.sock"), directory: egressDir, log });
  const stage = await prepareStage(stageDir, { isRoot, runnerFile, ptyFile, egressDir });
  const firstUid = isRoot ? firstUidFor(hash) : null;
  const records = createRecords({ directory: join(dataDir, "sandboxes"), firstUid, log });
  await records.open();
  const networks = createNetworkNamespaces(() => readHost().network, { isRoot, log });
  const workshop: Workshop = {
    host: readHost,
    cgroups: "sweep" in cgroups ? cgroups : null,
    disks: isRoot ? imageDisks({ templateDir: join(dataDir, "sandboxes", ".templates") }) : directoryDisks(),
    socketDir,
    egress,
    networks,
    log,
    ...stage,
  };
  const packages = await openPackageStore(join(dataDir, "packages"), { workshop, firstUid, options });
  const fleet = createFleet({ workshop, records, packages, defaultLimits: limits, warm: options.warm, log });

  async function probe(): Promise<Probe> {
    const made = await records.make(limits.diskMb, (path) => workshop.disks.make(path, { diskMb: limits.diskMb }));
    try {
      const live = await startSandbox(workshop, { ...made, limits, env: {}, packages: null });
      try {
        const result = await live.client.runOperation("probe", {
          kind: "bash",
          command: PROBE_COMMAND,
          timeoutMs: 10_000,
        });
        return { output: result.content, outerUid: outerUidOf(live.pid) };
      } finally {
        await live.end();
      }
    } finally {
      await records.remove(made.path);
    }
  }

  let lastTest: Promise<SandboxSelfTest> | null = null;
  /** What holds does not change while it holds; a failure is looked at again, since a person may have mended it. */
  async function selfTest(): Promise<SandboxSelfTest> {
    const known = await lastTest;
    if (known?.usable) return known;
    const facts = { host: workshop.host(), cgroups, diskQuota: workshop.disks.quota, limits, probe };
    lastTest = runSelfTest(facts);
    return lastTest;
  }

  const server = createControlServer({ fleet, packages, selfTest });
  server.listen(socketPath);
  await once(server, "listening");
  chmodSync(socketPath, 0o600);

  async function stop(): Promise<void> {
    server.close();
    server.closeAllConnections();
    await fleet.close();
    await packages.close();
    await networks.close();
    egress.end();
    removeIfEmpty(dirname(egressDir));
    if ("sweep" in cgroups) await cgroups.close();
    rmSync(socketPath, { force: true });
  }
  return { socketPath, selfTest, stop };
}

/** Apart from sandboxes' disks; user ids at the end of the installation's range, which those do not reach. */
async function openPackageStore(
  directory: string,
  { workshop, firstUid, options }: { workshop: Workshop; firstUid: number | null; options: SandboxdOptions },
): Promise<PackageStore> {
  const { log } = workshop;
  const records = createRecords({ directory, firstUid: firstUid === null ? null : firstUid + PACKAGE_UIDS, log });
  await records.open();
  const { limits, packagesDiskMb } = options;
  return createPackageStore({ workshop, records, limits, maxBytes: packagesDiskMb * 1024 * 1024, log });
}

/** The real user id of a process, as the host sees it. */
function outerUidOf(pid: number | undefined): number {
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(uid);
}

/** Two on one data directory would mount the same disks. */
async function refuseSecond(socketPath: string): Promise<void> {
  if (!existsSync(socketPath)) return;
  const socket = createConnection(socketPath);
  const answered = await new Promise<boolean>((settle) => {
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
  socket.destroy();
  if (answered) throw new Error(`another sandboxd already serves ${socketPath}`);
}

function tryCgroups(hash: string, options: SandboxdOptions): Cgroups | { problem: string } {
  try {
    return openCgroups(hostLayout(), `berth-${hash}`);
  } catch (error) {
    const problem = messageOf(error);
    options.log("sandboxes are limited per process only: cgroups can't be used", { reason: problem });
    return { problem };
  }
}

/** As root it is where nothing of its path, which shows in a sandbox's list of mounts, tells where the data lie. */
function makeEgressDir({ isRoot, hash, runDir }: { isRoot: boolean; hash: string; runDir: string }): string {
  // But for the broker nobody else of this host passes through; sandboxes reach what is below by a mount of their own.
  const parent = isRoot ? `/run/berth-egress-${hash}` : join(runDir, "egress");
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  chmodSync(parent, 0o700);
  return join(parent, "s");
}

/** It is not, where the egress broker left something strange, which the log tells. */
function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}

type Stage = Pick<
  Workshop,
  "mountDir" | "etcDir" | "javaSecurityDirectories" | "nodeFile" | "runnerFile" | "ptyFile" | "egressDir"
>;

/**
 * What every sandbox mounts, in a place that every user id can reach whatever the data directory's permissions are. As
 * root this is a tmpfs in our own mount namespace, with nothing in it that tells where the data lie.
 */
async function prepareStage(
  directory: string,
  options: { isRoot: boolean; runnerFile: string; ptyFile: string | null; egressDir: string },
): Promise<Stage> {
  mkdirSync(directory, { recursive: true });
  const javaDir = join(directory, "java");
  const stage: Stage = {
    mountDir: join(directory, "disks"),
    etcDir: join(directory, "etc"),
    javaSecurityDirectories: [],
    nodeFile: join(directory, "node"),
    runnerFile: join(directory, "runner.cjs"),
    ptyFile: options.ptyFile && join(directory, "pty.node"),
    egressDir: join(directory, "egress"),
  };
  if (!options.isRoot) {
    writeSystemFiles(stage.etcDir);
    return {
      ...stage,
      javaSecurityDirectories: writeJavaSecurityDirectories(javaDir),
      nodeFile: process.execPath,
      runnerFile: options.runnerFile,
      ptyFile: options.ptyFile,
      egressDir: options.egressDir,
    };
  }
  await runCommand("mount", ["-t", "tmpfs", "-o", "mode=0711,nosuid,nodev", "berth", directory]);
  mkdirSync(stage.mountDir, { mode: 0o711 });
  mkdirSync(stage.egressDir);
  await runCommand("mount", ["--bind", options.egressDir, stage.egressDir]);
  writeSystemFiles(stage.etcDir);
  stage.javaSecurityDirectories = writeJavaSecurityDirectories(javaDir);
  // The runner is copied; Node is too large for that, so its place shows in a sandbox's list of mounts.
  writeFileSync(stage.runnerFile, readFileSync(options.runnerFile), { mode: 0o644 });
  if (stage.ptyFile && options.ptyFile) writeFileSync(stage.ptyFile, readFileSync(options.ptyFile), { mode: 0o755 });
  writeFileSync(stage.nodeFile, "", { mode: 0o755 });
  await runCommand("mount", ["--bind", process.execPath, stage.nodeFile]);
  return stage;
}
