// `berth doctor`: what works, what does not, and what to do about it.
import { statfs } from "node:fs/promises";
import type { Command } from "commander";
import { ApiError } from "../../client/api-error.ts";
import type { BerthClient } from "../../client/berth.ts";
import type { Health, PartHealth } from "../../client/health.ts";
import { visibleOutput } from "../../lib/visible-text.ts";
import { EXIT } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { toJsonLine } from "../printer.ts";
import type { Paint } from "../terminal.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { json?: boolean };

/** Below the first Postgres may stop at any moment; below the second it is time to tidy up. */
const NO_ROOM_BYTES = 200e6;
const LITTLE_ROOM_BYTES = 2e9;

export function addDoctor(program: Command, { terminal, connect, exit, version }: CommandContext): void {
  program
    .command("doctor")
    .summary("say what works, and what to do where something does not")
    .description(
      "Asks the server which of its parts work (database, workers, sandboxes, gateway), whether it takes the key and is of this command's release, and on this machine whether there is room on the disk. Exit code 0 when Berth can be used, else 1.",
    )
    .option("--json", "the answer as JSON")
    .addHelpText("after", "\nExamples:\n  berth doctor\n  berth doctor --url https://berth.example.com --api-key …")
    .action(async (_options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client, url, dataDir } = connect(options);
      const health = await client.health.get();
      const key = await checkKey(client);
      const workers = key.ok ? await workerReleases(client) : [];
      const checks: Record<string, PartHealth> = {
        key,
        release: releaseHealth({ command: version, server: health.version, workers }),
        ...(dataDir === null ? {} : { disk: await checkDisk(dataDir) }),
      };
      const ready = health.status === "ready" && Object.values(checks).every((check) => check.state !== "down");
      if (options.json) terminal.out(`${toJsonLine({ url, ...health, ...checks })}\n`);
      else terminal.out(renderHealth({ url, health, checks, ready, paint: terminal.paint }));
      exit(ready ? EXIT.done : EXIT.failed);
    });
}

async function checkKey(client: BerthClient): Promise<PartHealth> {
  try {
    await client.agents.list({ limit: 1 });
    return { ok: true, state: "ok", detail: "The server takes the key." };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const refused = error.status === 401 || error.status === 403;
    const detail = refused
      ? "The server does not take the key. Set BERTH_API_KEY or --api-key to one of its keys."
      : `The key could not be tried: ${error.message}`;
    return { ok: false, state: "down", detail };
  }
}

async function workerReleases(client: BerthClient): Promise<string[]> {
  try {
    return (await client.overview.get()).workers.map((worker) => worker.version);
  } catch (error) {
    // An older server has no overview; one without its database said so already.
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** Pure. */
export function releaseHealth(releases: { command: string; server: string; workers: readonly string[] }): PartHealth {
  const { command, server } = releases;
  const other = releases.workers.find((worker) => worker !== server);
  if (other !== undefined)
    return note(
      `A worker is of release ${other}, the web of ${server}: start the older one again with the newer release.`,
    );
  if (command !== server)
    return note(
      `This command is of release ${command}, the server of ${server}: use the command that comes with the server.`,
    );
  return { ok: true, state: "ok", detail: `Command, web and workers are of release ${server}.` };
}

async function checkDisk(dataDir: string): Promise<PartHealth> {
  const { bavail, bsize } = await statfs(dataDir);
  return diskHealth({ dataDir, freeBytes: bavail * bsize });
}

/** Pure. */
export function diskHealth({ dataDir, freeBytes }: { dataDir: string; freeBytes: number }): PartHealth {
  const free = freeBytes >= 1e9 ? `${(freeBytes / 1e9).toFixed(1)} GB` : `${Math.floor(freeBytes / 1e6)} MB`;
  const room = `${free} free for ${dataDir}`;
  const remedy =
    "Delete sessions that nobody needs or make room on that disk; BERTH_DATA_DIR moves the data to another one.";
  if (freeBytes < NO_ROOM_BYTES) return { ok: false, state: "down", detail: `Only ${room}. ${remedy}` };
  return freeBytes < LITTLE_ROOM_BYTES
    ? note(`Only ${room}. ${remedy}`)
    : { ok: true, state: "ok", detail: `${room}.` };
}

function note(detail: string): PartHealth {
  return { ok: true, state: "degraded", detail };
}

const marks = { ok: ["ok", "green"], degraded: ["note", "yellow"], down: ["DOWN", "red"] } as const;

type Findings = { url: string; health: Health; checks: Record<string, PartHealth>; ready: boolean; paint: Paint };

/** Pure. */
export function renderHealth({ url, health, checks, ready, paint }: Findings): string {
  const rows = Object.entries({ ...health.parts, ...checks }).map(([name, part]) => {
    const [mark, colour] = marks[part.ok || part.state === "down" ? part.state : "degraded"];
    return `  ${name.padEnd(11)}${paint(mark.padEnd(6), colour)}${visibleOutput(part.detail)}`;
  });
  const sum = ready
    ? paint("Berth can be used.", "green")
    : paint("Berth cannot be used as it is: see what is DOWN.", "red");
  return [`Berth ${health.version} at ${url}`, ...rows, sum, ""].join("\n");
}
