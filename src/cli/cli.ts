// The `berth` command: its commands, its help, and how it ends.
import { Command, CommanderError } from "commander";
import { ApiError, ConnectionError } from "../client/api-error.ts";
import { messageOf } from "../lib/errors.ts";
import { visibleOutput } from "../lib/visible-text.ts";
import { addApprove } from "./commands/approve.ts";
import { addCompletion } from "./commands/completion.ts";
import type { CommandContext } from "./commands/context.ts";
import { addCp } from "./commands/cp.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExec } from "./commands/exec.ts";
import { addFork, addRewind } from "./commands/going-back.ts";
import { addKeys } from "./commands/keys.ts";
import { addLogs } from "./commands/logs.ts";
import { addLs } from "./commands/ls.ts";
import { addNetwork } from "./commands/network.ts";
import { addPreview } from "./commands/preview.ts";
import { addRun } from "./commands/run.ts";
import { addSnapshots } from "./commands/snapshots.ts";
import { addUp } from "./commands/up.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";

export type CliOptions = Omit<CommandContext, "exit"> & {
  /** Without the program's own name. */
  args: readonly string[];
};

/** Runs one command; resolves with its exit code. */
export async function runCli({ args, ...world }: CliOptions): Promise<number> {
  const { terminal } = world;
  let code: number = EXIT.done;
  const program = createProgram({
    ...world,
    exit: (chosen) => {
      code = chosen;
    },
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
    terminal.note(`${terminal.paint("berth:", "red")} ${explain(error)}\n`);
    return EXIT.failed;
  }
}

/** As the help lists them. */
const commands = [
  addUp,
  addRun,
  addLs,
  addLogs,
  addApprove,
  addRewind,
  addFork,
  addExec,
  addCp,
  addPreview,
  addSnapshots,
  addNetwork,
  addKeys,
  addDoctor,
  addCompletion,
];

function createProgram(context: CommandContext): Command {
  const { terminal, version } = context;
  const program = new Command("berth")
    .description("Berth from the command line: talk to agents, watch sessions, answer what waits.")
    .version(version, "--version", "print the release")
    .option("--url <url>", "the server; else BERTH_URL, else the Berth that runs on this machine")
    .option("--api-key <key>", "its key; else BERTH_API_KEY, else the key of the Berth on this machine")
    .showHelpAfterError("(berth help shows what there is)")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.note, getOutHelpWidth: () => terminal.columns })
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  berth up                                      start Berth here
  berth run 'Run \`uname -a\` and explain it'     talk to an agent
  berth ls --waiting                            what waits for you
  berth approve sesn_…                          let it go on
  berth exec sesn_… -- ls -la                   a program in its sandbox
  berth cp sesn_…:report.pdf .                  a file from it
  berth preview sesn_… 5173                     its app in your browser
  berth snapshots sesn_… --take                 keep its files now
  berth network sesn_… --refused                what it was not let to reach
  berth doctor                                  what works, what does not

berth help <command> says more about one of them.`,
    );
  for (const add of commands) add(program, context);
  return program;
}

function explain(error: unknown): string {
  if (error instanceof CliFailure) return error.message;
  if (error instanceof ConnectionError)
    return "The server does not answer.\n  Is it running? `berth up` starts one here; --url and BERTH_URL name another.";
  if (error instanceof ApiError && error.status === 401)
    return "The server does not take the key. Set BERTH_API_KEY or --api-key to one of its keys.";
  if (error instanceof ApiError) {
    const request = error.requestId ? `\n  Request ${visibleOutput(error.requestId)}` : "";
    return `${visibleOutput(error.message)}${request}`;
  }
  if (error instanceof SyntaxError)
    return "What answers there is not Berth: its answer cannot be read. Check --url and BERTH_URL.";
  return messageOf(error);
}
