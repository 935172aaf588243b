// A terminal as a person has it: tmux on a socket of its own, keys in, what is on the screen out.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { childEnv } from "../../src/lib/child-env.ts";
import { until } from "./until.ts";

/** Whether `program` is there; where its `REQUIRE_…` variable is 1 (CI), its absence is an error. */
export function hasProgram(program: string, required: "REQUIRE_TMUX" | "REQUIRE_SHELLS"): boolean {
  const found = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  if (!found && process.env[required] === "1")
    throw new Error(`${required}=1, but there is no ${program}: apt-get install ${program}`);
  if (!found) console.warn(`SKIPPED: no ${program} on this machine (Debian: apt-get install ${program})`);
  return found;
}

export type TmuxTerminal = {
  /** Types it, as it is. */
  type(text: string): void;
  /** A key by tmux's name: `Enter`, `Tab`, `C-c`. */
  press(key: string): void;
  /** What is on the screen, lines that were cut at its edge joined. */
  screen(): string;
  /** Everything since the start that has scrolled away, and the screen. */
  history(): string;
  /** The same with its escape sequences for colours. */
  coloured(): string;
  /** Waits until the screen, with what has scrolled away, matches; answers the match. */
  see(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  close(): void;
};

export type TmuxOptions = {
  /** What runs in it, through sh; when it ends the screen stays. */
  command: string;
  cwd: string;
  env: Record<string, string | undefined>;
  columns?: number;
  rows?: number;
};

export function openTmux({ command, cwd, env, columns = 110, rows = 40 }: TmuxOptions): TmuxTerminal {
  const folder = mkdtempSync(path.join(tmpdir(), "berth-tmux-"));
  const socket = path.join(folder, "socket");
  const tmux = (...args: string[]) =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      cwd,
      encoding: "utf8",
      env: childEnv({ TERM: "xterm-256color", LANG: "C.UTF-8", SHELL: "/bin/sh", ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    });
  tmux(
    "-u",
    "new-session",
    "-d",
    "-s",
    "person",
    "-x",
    String(columns),
    "-y",
    String(rows),
    command,
    ";",
    "set",
    "remain-on-exit",
    "on",
  );
  const capture = (...args: string[]) => tmux("capture-pane", "-p", "-J", "-t", "person", ...args).trimEnd();
  return {
    type: (text) => void tmux("send-keys", "-t", "person", "-l", "--", text),
    press: (key) => void tmux("send-keys", "-t", "person", key),
    screen: () => capture(),
    history: () => capture("-S", "-"),
    coloured: () => capture("-e", "-S", "-"),
    see: (pattern, timeoutMs = 30_000) =>
      until(() => pattern.exec(capture("-S", "-")), {
        timeoutMs,
        intervalMs: 50,
        describe: () => `${pattern} is not on the screen:\n${capture("-S", "-")}`,
      }),
    close() {
      tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
