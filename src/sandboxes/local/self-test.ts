// What holds on this host, tried out in a real sandbox and told in plain words.

import { messageOf } from "../../lib/errors.ts";
import type { SandboxCheck, SandboxLimits, SandboxSelfTest } from "../sandbox.ts";
import type { CgroupLayout } from "./cgroups.ts";
import type { Host } from "./host.ts";
import { installCommand } from "./install.ts";
import { runCommand } from "./run-command.ts";

/** The first bubblewrap that can forbid further user namespaces and size a tmpfs. */
const MINIMUM_BUBBLEWRAP = [0, 8, 0] as const;

export type Probe = { output: string; outerUid: number };

export type SelfTestFacts = {
  host: Host;
  /** Null where processes limit themselves (rlimits), with the reason. */
  cgroups: { layout: CgroupLayout } | { problem: string };
  diskQuota: boolean;
  limits: SandboxLimits;
  /** What `PROBE_COMMAND` printed in a real sandbox, and its user id on the host; an error when none could be started. */
  probe: () => Promise<Probe>;
};

/** Printed by a command in a real sandbox, one fact a line. */
export const PROBE_COMMAND = [
  "grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status",
  "echo \"interfaces $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\\n' ' ')\"",
  'unshare --user true 2>/dev/null && echo "namespace made" || echo "namespace refused"',
  '(: > /proc/sys/kernel/core_pattern) 2>/dev/null && echo "sysctl written" || echo "sysctl refused"',
  "echo \"environment $(tr '\\0' ' ' < /proc/1/environ)\"",
].join("\n");

export async function runSelfTest(facts: SelfTestFacts): Promise<SandboxSelfTest> {
  const { host } = facts;
  const checks: SandboxCheck[] = [];
  const say = (name: string, holds: boolean, required: boolean, detail: string) =>
    checks.push({ name, holds, required, detail });

  const version = host.bubblewrap ? await versionOf(host.bubblewrap) : null;
  const newEnough = version !== null && isAtLeast(version, MINIMUM_BUBBLEWRAP);
  const wanted = MINIMUM_BUBBLEWRAP.join(".");
  say(
    "bubblewrap",
    newEnough,
    true,
    version === null
      ? "bubblewrap, the program that keeps sandboxes apart, is not installed"
      : newEnough
        ? `bubblewrap ${version.join(".")} keeps sandboxes apart`
        : `bubblewrap ${version.join(".")} is too old; ${wanted} or newer is needed`,
  );

  let probe: Probe | null = null;
  let problem = newEnough ? "nothing" : "it needs bubblewrap first";
  if (newEnough) {
    try {
      probe = await facts.probe();
    } catch (error) {
      problem = messageOf(error);
    }
  }
  say(
    "sandbox starts",
    probe !== null,
    true,
    probe === null ? `no sandbox can be started: ${problem}` : "a sandbox starts and runs commands",
  );
  if (probe !== null) sayProbe(probe, host, say);
  sayLimits(facts, say);
  say(
    "ripgrep",
    host.ripgrep !== null,
    false,
    host.ripgrep ? "grep searches with ripgrep" : "ripgrep is not installed; grep uses a slower search of our own",
  );

  const usable = checks.every((check) => check.holds || !check.required);
  return { usable, checks, remedy: usable ? null : remedyFor(host, newEnough, problem) };
}

type Say = (name: string, holds: boolean, required: boolean, detail: string) => void;

function sayProbe({ output, outerUid }: Probe, host: Host, say: Say): void {
  const detail = host.isRoot
    ? `each sandbox has a user id of its own on the host (${outerUid})`
    : `all sandboxes run as the user who started Berth (${outerUid}): fine for one person's agents, not for several teams`;
  say("user id", host.isRoot ? outerUid >= 100_000 : outerUid !== 0, true, detail);
  say(
    "privileges",
    /^NoNewPrivs:\s+1$/m.test(output) && /^CapEff:\s+0+$/m.test(output),
    true,
    "no process in a sandbox has or can gain privileges",
  );
  const filtered = /^Seccomp:\s+2$/m.test(output) && output.includes("namespace refused");
  say(
    "system calls",
    filtered,
    true,
    filtered ? "the system call filter is on and refused a forbidden call" : "the system call filter does not work",
  );
  const alone = /^interfaces lo\s*$/m.test(output);
  say(
    "network",
    alone,
    true,
    alone
      ? "a sandbox has no network interface but its own loopback: the way out is the egress broker"
      : "a sandbox sees network interfaces of the host",
  );
  say("kernel settings", output.includes("sysctl refused"), true, "a sandbox can't change kernel settings");
  const environment = /^environment (.*)$/m.exec(output)?.[1]?.trim() ?? "";
  say(
    "environment",
    /^PATH=\S+( PWD=\/)?$/.test(environment),
    true,
    "nothing of the host's environment shows in a sandbox",
  );
}

function sayLimits(facts: SelfTestFacts, say: Say): void {
  const { memoryMb, cpus, pids, diskMb } = facts.limits;
  if ("layout" in facts.cgroups) {
    const { layout } = facts.cgroups;
    const version = layout.memory?.version ?? 0;
    say(
      "memory and processes",
      true,
      false,
      `cgroups (version ${version}) hold each sandbox to ${memoryMb} MB and ${pids} processes`,
    );
    say(
      "processor",
      layout.cpu !== undefined,
      false,
      layout.cpu ? `and to ${cpus} processors` : "there is no cpu controller: a sandbox can use all processors",
    );
  } else {
    const detail = `no cgroups (${facts.cgroups.problem}): memory is limited per process, not per sandbox, and the processor not at all`;
    say("memory and processes", false, false, detail);
  }
  const disk = facts.diskQuota
    ? `each sandbox has a disk of ${diskMb} MB of its own`
    : "without root there is no disk quota: a sandbox can fill the host's disk";
  say("disk", facts.diskQuota, false, disk);
}

async function versionOf(bubblewrap: string): Promise<number[] | null> {
  try {
    const text = await runCommand(bubblewrap, ["--version"], { timeoutMs: 5000 });
    return /(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? null;
  } catch {
    // A program of that name that can't say its version is none of use.
    return null;
  }
}

export function isAtLeast(version: readonly number[], minimum: readonly number[]): boolean {
  for (const [index, wanted] of minimum.entries()) {
    const part = version[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** Pure: what to do where no sandbox starts. `problem`: what bubblewrap said. */
export function remedyFor(host: Pick<Host, "isRoot">, newEnough: boolean, problem: string): string {
  if (!newEnough) return `Install bubblewrap: ${installCommand(["bubblewrap", "ripgrep"], host.isRoot)}`;
  if (/\bip \(iproute2\)/.test(problem))
    return `Install what makes a sandbox's network: ${installCommand(["iproute2", "util-linux"], host.isRoot)}`;
  if (
    /unshare failed|setting up uid map|No permissions to create new namespace|Creating new namespace failed|user namespace/i.test(
      problem,
    )
  ) {
    return "Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000 kernel.apparmor_restrict_unprivileged_userns=0 (settings that your kernel does not know can be left out)";
  }
  if (/mount proc|mounting proc|permission denied.*mount|make \/ slave/i.test(problem)) {
    return "Inside a container, start it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined, or run Berth on the host.";
  }
  return `Look at the checks that do not hold. What bubblewrap said: ${problem}`;
}
