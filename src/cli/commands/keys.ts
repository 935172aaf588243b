// `berth keys`: the keys that seal what vaults hold, of the Berth whose database and data directory this machine has.
import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

export function addKeys(program: Command, { manageKeys, exit }: CommandContext): void {
  const keys = program
    .command("keys")
    .summary("see and rotate the keys that seal stored credentials")
    .description(
      "The keys that seal what vaults hold. Works on this machine's data directory and database (BERTH_DATA_DIR, DATABASE_URL), with the server's settings. Everything goes on running meanwhile.",
    )
    .addHelpText("after", "\nExamples:\n  berth keys status\n  berth keys rotate");
  keys
    .command("status")
    .description("Says which key seals now, and whether all that is stored can be opened with what this server has.")
    .action(async () => exit(await manageKeys(["status"])));
  keys
    .command("rotate")
    .description(
      "Makes a new KEK and seals every team key with it; the old one is kept beside it for old backups. With BERTH_KEK or BERTH_KEK_COMMAND: put the new key in front first. Cut off, it is gone on with by the next one.",
    )
    .action(async () => exit(await manageKeys(["rotate"])));
  keys
    .command("rotate-team-keys")
    .description("Gives every team a new team key, and seals the keys of its values with it.")
    .action(async () => exit(await manageKeys(["rotate-team-keys"])));
  keys
    .command("abandon")
    .description("When the KEK is lost for good: archives all credentials, whose values nobody can open any more.")
    .option("--lose-all-stored-values", "yes, all of them")
    .action(async (options: { loseAllStoredValues?: boolean }) =>
      exit(await manageKeys(["abandon", ...(options.loseAllStoredValues ? ["--lose-all-stored-values"] : [])])),
    );
}
