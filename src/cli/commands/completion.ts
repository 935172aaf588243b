// `berth completion`: scripts that teach a shell the commands and options, made from the commands themselves.
import { Argument, type Command } from "commander";
import type { CommandContext } from "./context.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];
export type Completion = { name: string; summary: string; options: { flag: string; about: string }[] };

export function addCompletion(program: Command, { terminal }: CommandContext): void {
  program
    .command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a script that completes commands and options.")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(berth completion bash)                                      # in ~/.bashrc\n  source <(berth completion zsh)                                       # in ~/.zshrc\n  berth completion fish > ~/.config/fish/completions/berth.fish",
    )
    .action((shell: Shell) => terminal.out(scripts[shell](describe(program))));
}

function describe(program: Command): Completion[] {
  const shared = optionsOf(program);
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    options: [...optionsOf(command), ...shared],
  }));
}

function optionsOf(command: Command): Completion["options"] {
  return command.options.flatMap(({ long, description }) => (long ? [{ flag: long, about: description }] : []));
}

const scripts: Record<Shell, (commands: readonly Completion[]) => string> = {
  bash: (commands) => `_berth() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map((one) => one.name).join(" ")} help" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map((one) => `    ${one.name}) COMPREPLY=($(compgen -W "${words(one)}" -- "$current")) ;;`).join("\n")}
  esac
}
complete -o default -F _berth berth
`,
  zsh: (commands) => `#compdef berth
_berth() {
  local -a commands
  commands=(
${commands.map((one) => `    ${quoted(`${one.name}:${one.summary}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${commands.map((one) => `    ${one.name}) compadd -- ${words(one)} ;;`).join("\n")}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _berth berth
`,
  fish: (commands) =>
    [
      "complete -c berth -f",
      ...commands.flatMap((one) => [
        `complete -c berth -n __fish_use_subcommand -a ${one.name} -d ${quoted(one.summary)}`,
        ...one.options.map(
          ({ flag, about }) =>
            `complete -c berth -n '__fish_seen_subcommand_from ${one.name}' -l ${flag.slice(2)} -d ${quoted(about)}`,
        ),
      ]),
      "",
    ].join("\n"),
};

function words(command: Completion): string {
  const values = command.name === "completion" ? SHELLS : [];
  return [...values, ...command.options.map((option) => option.flag)].join(" ");
}

/** For all three shells: nothing in single quotes is read but the quote itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
