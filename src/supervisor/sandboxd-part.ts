// Sandboxes of a start: the privileged helper as a part. Where it cannot work, the start says so and the rest runs.
import { messageOf } from "../lib/errors.ts";
import type { NodePart } from "./node-part.ts";
import type { PartSpec } from "./part.ts";
import type { Supervisor } from "./supervisor.ts";
import { renderFailure, type Terminal } from "./terminal.ts";

/** A start that installs packages may take this long; sandboxd itself gives up a minute earlier. */
export const INSTALL_WITHIN_MS = 10 * 60_000;

/** What sandboxd says before it installs. */
export function showInstalling(message: Readonly<Record<string, unknown>>, terminal: Terminal): void {
  const names = namesIn(message.packages);
  terminal.print(`  Installing ${names} with apt. It may take minutes; BERTH_INSTALL=never turns it off.`);
  terminal.row({ name: "sandboxes", text: `installing ${names} with apt`, state: "starting" });
}

function namesIn(list: unknown): string {
  return Array.isArray(list) ? list.join(", ") : "";
}

/** Resolves when sandboxes are ready, or the terminal says why they are not. */
export async function startSandboxd(options: {
  /** Why no sandbox will ever run here; null where they can: then sandboxd is started. */
  problem: { detail: string; remedy: string } | null;
  prepare: () => Promise<void>;
  spec: PartSpec<NodePart>;
  parts: Supervisor;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<void> {
  const { terminal, problem } = options;
  if (problem) return showOff({ why: problem.detail, remedy: problem.remedy }, terminal);
  const started = performance.now();
  terminal.row({ name: "sandboxes", text: "local", state: "starting" });
  try {
    await options.prepare();
    const { readyMessage } = await options.parts.run(options.spec, { optional: true }).ready;
    showSandboxes(readyMessage, (performance.now() - started) / 1000, terminal);
  } catch (error) {
    if (options.signal.aborted) return;
    terminal.row({ name: "sandboxes", text: "not available: agents run without tools", state: "failed" });
    const failure = {
      what: "Sandboxes cannot be started.",
      why: messageOf(error),
      remedy: "See logs/sandboxd.log in the data directory.",
    };
    terminal.print(renderFailure(failure, terminal.style));
  }
}

function showSandboxes(message: NodePart["readyMessage"], seconds: number, terminal: Terminal): void {
  const installed = namesIn(message.installed);
  if (installed !== "") terminal.print(`  Installed ${installed} with apt.`);
  const summary = typeof message.summary === "string" ? message.summary : "local";
  if (message.usable !== false) {
    terminal.row({ name: "sandboxes", text: summary, state: "ready", seconds });
    return;
  }
  const remedy = typeof message.remedy === "string" ? message.remedy : "See logs/sandboxd.log in the data directory.";
  showOff({ why: summary, remedy }, terminal);
}

function showOff(failure: { why: string; remedy: string }, terminal: Terminal): void {
  terminal.row({ name: "sandboxes", text: "off: agents run without tools", state: "off" });
  const what = "No sandbox can be made on this system.";
  terminal.print(renderFailure({ what, ...failure }, terminal.style));
}
