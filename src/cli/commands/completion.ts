// `berth completion`: scripts that teach a shell the commands and options, made from the commands themselves. `berth complete`: what they ask for.
import { Argument, type Command, type Option } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { type Completion, completionScript, SHELLS, type Shell, type Values } from "../completion-scripts.ts";
import type { ServerFlags } from "../find-server.ts";
import type { CommandContext } from "./context.ts";

/** What a server can be asked for. */
const ASKED = ["sessions", "agents"] as const;
const MAX_LISTED = 100;

export function addCompletion(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a script that completes commands, options, ids of sessions and names of agents.")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(berth completion bash)                                      # in ~/.bashrc\n  source <(berth completion zsh)                                       # in ~/.zshrc\n  berth completion fish > ~/.config/fish/completions/berth.fish",
    )
    .action((shell: Shell) => terminal.out(completionScript(shell, describe(program))));

  program
    .command("complete", { hidden: true })
    .description("Prints what a completion script offers: a value and what it is, with a tab between them.")
    .addArgument(new Argument("<what>", "of the server").choices(ASKED))
    .addHelpText("after", "\nExamples:\n  berth complete sessions\n  berth complete agents")
    .action(async (what: (typeof ASKED)[number], _options: object, command: Command) => {
      const { client } = connect(command.optsWithGlobals<ServerFlags>());
      for (const [value, about] of await offered(client, what)) terminal.out(`${value}\t${visibleName(about)}\n`);
    });
}

async function offered(client: BerthClient, what: (typeof ASKED)[number]): Promise<[value: string, about: string][]> {
  if (what === "sessions") {
    const { data } = await client.sessions.list({ limit: MAX_LISTED });
    return data.map((session) => [session.id, session.title ?? session.agent.name]);
  }
  const { data } = await client.agents.list({ limit: MAX_LISTED });
  // A name that a terminal cannot show as it is would be typed wrongly: its id says the same.
  return data.map((agent) =>
    visibleName(agent.name) === agent.name ? [agent.name, agent.id] : [agent.id, agent.name],
  );
}

function describe(program: Command): Completion[] {
  const shared = program.options.filter((option) => option.long !== "--version").flatMap(toOption);
  const commands = program.commands.filter((command) => command.name() !== "complete");
  return commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    values: valuesOf(command),
    options: [...command.options.flatMap(toOption), ...shared],
  }));
}

/** By the names of the arguments. */
function valuesOf(command: Command): Values {
  const [first] = command.registeredArguments;
  if (first?.argChoices) return { choices: first.argChoices };
  switch (first?.name()) {
    case "session":
      return "sessions";
    case "from":
      return "places";
    default:
      return null;
  }
}

function toOption({ long, description, required }: Option): Completion["options"] {
  if (!long) return [];
  const asked = ASKED.find((what) => `--${what.slice(0, -1)}` === long);
  return [{ flag: long, about: description, takesValue: required, values: asked ?? null }];
}
