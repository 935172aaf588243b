// `berth up` and `berth login`: the Berth of this machine.
import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

export function addUp(program: Command, { startServer, printLoginLink, exit }: CommandContext): void {
  program
    .command("up")
    .summary("start Berth on this machine")
    .description(
      "Starts Berth on this machine: database, sandboxes, web and worker. Prints a link to the dashboard. Stop with Ctrl-C.",
    )
    .option("--verbose", "show the log of every part")
    .addHelpText("after", "\nExamples:\n  berth up\n  PORT=4000 BERTH_DATA_DIR=~/other berth up")
    .action(async (options: { verbose?: boolean }) => exit(await startServer(options.verbose ? ["--verbose"] : [])));

  program
    .command("login")
    .summary("print a one-time link to the dashboard")
    .description(
      "Prints a one-time link to the dashboard of the Berth that runs on this machine. It works once, within 15 minutes.",
    )
    .addHelpText("after", "\nExamples:\n  berth login\n  BERTH_DATA_DIR=~/other berth login")
    .action(async () => exit(await printLoginLink()));
}
