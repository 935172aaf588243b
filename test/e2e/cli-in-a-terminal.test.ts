// The `berth` command as a person at a terminal uses it: typed into tmux, read from its screen.
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { hasProgram, openTmux, type TmuxTerminal } from "../support/tmux.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const hasTmux = hasProgram("tmux", "REQUIRE_TMUX");

describe.skipIf(!hasTmux)("a person at a terminal", () => {
  let system: System;
  let folder: string;
  let sessionId: string;
  const open: TmuxTerminal[] = [];

  beforeAll(async () => {
    system = await startSystem();
    folder = await mkdtemp(path.join(tmpdir(), "berth-terminal-"));
    await mkdir(path.join(folder, "bin"));
    await writeFile(path.join(folder, "bin", "berth"), `#!/bin/sh\nexec node ${repository}/scripts/berth.cjs "$@"\n`);
    await chmod(path.join(folder, "bin", "berth"), 0o755);
    const client = system.client();
    const agent = await client.beta.agents.create({
      name: "Asking Agent",
      model: "demo",
      tools: [{ type: "agent_toolset_20260401", default_config: { permission_policy: { type: "always_ask" } } }],
    });
    await client.beta.agents.create({ name: "Doer", model: "demo", tools: [{ type: "agent_toolset_20260401" }] });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent: agent.id, environment_id, title: "For completion" })).id;
  });
  afterEach(() => {
    for (const terminal of open.splice(0)) terminal.close();
  });
  afterAll(async () => {
    await system?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** A shell in which `berth` is a command; a prompt of `$ ` and nothing of this machine's own settings. */
  async function openShell(command = "bash --norc -i", env: Record<string, string> = {}): Promise<TmuxTerminal> {
    const terminal = openTmux({
      command,
      cwd: folder,
      env: {
        PATH: `${path.join(folder, "bin")}:${process.env.PATH}`,
        HOME: folder,
        PS1: "$ ",
        BERTH_DATA_DIR: system.dataDir,
        ...env,
      },
    });
    open.push(terminal);
    return terminal;
  }

  async function enter(terminal: TmuxTerminal, line: string): Promise<void> {
    await terminal.see(/[$%#>] ?$/);
    terminal.type(line);
    terminal.press("Enter");
  }

  test("a message is answered; a call is asked about, answered by typing, and runs", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `echo typed-$((40+2))`' --agent 'Asking Agent'; echo code=$?");
    await shell.see(/The agent asks to run: bash\n {4}echo typed-\$\(\(40\+2\)\)\n/);
    await shell.see(/Allow it\? \[y\]es, .*\[n\]o, or no with a reason: *$/);
    shell.type("y");
    shell.press("Enter");
    await shell.see(/code=0/);
    expect(shell.history()).toMatch(/answered:\n[\s\S]*typed-42/);
  });

  test("a denial with a reason is typed in words, and the agent reads it", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `echo never-run`' --agent 'Asking Agent'; echo code=$?");
    await shell.see(/Allow it\?/);
    shell.type("no, only on Fridays");
    shell.press("Enter");
    await shell.see(/code=0/);
    const session = /sesn_\w+/.exec(shell.history())?.[0] ?? "";
    await enter(shell, `clear; berth logs ${session}`);
    await shell.see(/only on Fridays/);
  });

  test("Ctrl-C at the question interrupts the turn", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `echo unanswered`' --agent 'Asking Agent'; echo code=$?");
    await shell.see(/Allow it\?/);
    shell.press("C-c");
    await shell.see(/code=130/);
    expect(shell.history()).toContain("Interrupted.");
  });

  test("Ctrl-C interrupts a command that runs", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `sleep 300`' --agent Doer; echo code=$?");
    await shell.see(/● bash {2}sleep 300/);
    shell.press("C-c");
    await shell.see(/Interrupting … {2}\(Ctrl-C again leaves the agent to its work\)/);
    await shell.see(/Interrupted\.[\s\S]*code=130/);
  });

  test("a second Ctrl-C leaves the terminal free at once; attach comes back to the session", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `echo worked; sleep 60; echo through`' --agent Doer; echo code=$?");
    const [, session = ""] = await shell.see(/(sesn_\w+) {2}http/);
    await shell.see(/● bash {2}echo worked/);
    // Nobody takes the interrupt while the worker is stopped: what the first one does cannot end the turn.
    const worker = (await system.pid("worker")) ?? 0;
    process.kill(worker, "SIGSTOP");
    try {
      shell.press("C-c");
      await shell.see(/Interrupting …/);
      // One Ctrl-C arrives several times within 300 ms, and counts once: a person's second one comes later.
      await until(
        () => {
          shell.press("C-c");
          return /code=130/.test(shell.history());
        },
        { intervalMs: 400, describe: shell.history },
      );
      expect(shell.history()).toContain(`Come back: berth attach ${session}`);
    } finally {
      process.kill(worker, "SIGCONT");
    }
    await enter(shell, `clear; berth attach ${session}; echo left=$?`);
    await shell.see(/> Please `echo worked; sleep 60; echo through`/);
    await shell.see(/Interrupted\./);
    // On a terminal it stays until Ctrl-C; the agent rests, so that leaves with success.
    shell.press("C-c");
    await shell.see(/left=0/);
  });

  test("in a pipe and in a file there are no colours, no questions and no cursor movements", async () => {
    const shell = await openShell();
    await enter(shell, "berth run 'Please `echo piped`' --agent Doer 2> notes | cat > answer; echo code=$?");
    await shell.see(/code=0/);
    await enter(shell, "clear; cat -v answer notes; echo end");
    await shell.see(/\nend/);
    expect(shell.screen()).toContain("piped");
    expect(shell.screen()).toMatch(/^● bash {2}echo piped$|^M-bM-\^WM-\^O bash {2}echo piped$/m);
    expect(shell.screen()).not.toContain("^[");
    await enter(
      shell,
      "clear; set -o pipefail; berth run 'Please `echo piped`' --agent 'Asking Agent' < /dev/null | cat; echo code=$?",
    );
    await shell.see(/code=2/);
    expect(shell.history()).not.toContain("Allow it?");
  });

  test("colours on a terminal, none with NO_COLOR", async () => {
    const shell = await openShell();
    await enter(shell, "berth doctor; echo end");
    await shell.see(/\nend/);
    expect(shell.coloured()).toContain("\u001b[32mok");
    const plain = await openShell("bash --norc -i", { NO_COLOR: "1" });
    await enter(plain, "berth doctor; echo end");
    await plain.see(/\nend/);
    expect(plain.coloured()).not.toContain("\u001b[3");
  });

  describe("Tab completes", () => {
    const shells = [
      { name: "bash", command: "bash --norc -i", setUp: "source <(berth completion bash)" },
      {
        name: "zsh",
        command: "zsh -f -i",
        setUp: "autoload -Uz compinit && compinit -u && source <(berth completion zsh)",
      },
      {
        name: "fish",
        command: "fish --no-config -i",
        setUp: "berth completion fish > berth.fish; source berth.fish",
      },
    ] as const;

    for (const { name, command, setUp } of shells)
      test.skipIf(!hasProgram(name, "REQUIRE_SHELLS"))(
        `commands, options, sessions and agents in ${name}`,
        async () => {
          const shell = await openShell(command);
          await enter(shell, `${setUp}; echo "set""up"`);
          await shell.see(/setup/);
          await shell.see(/[$%#>]$/);
          shell.type("berth att");
          shell.press("Tab");
          await shell.see(/berth attach$/);
          shell.type(sessionId.slice(0, -3));
          shell.press("Tab");
          await shell.see(new RegExp(`berth attach ${sessionId}`));
          shell.press("C-u");
          shell.type("berth run hi --ag");
          shell.press("Tab");
          await shell.see(/berth run hi --agent/);
          shell.type("Asking");
          shell.press("Tab");
          await shell.see(/berth run hi --agent Asking\\ Agent/);
        },
      );
  });
});
