// The completion scripts of three shells, from a description of the commands. Ids and names are asked of the server, through `berth complete`, when a key asks for them.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];
/** `places`: files here, and `<session>:<path>`. */
export type Values = "sessions" | "agents" | "places" | { choices: readonly string[] } | null;
export type Completion = {
  name: string;
  summary: string;
  /** Of its argument. */
  values: Values;
  options: { flag: string; about: string; takesValue: boolean; values: Values }[];
};

export function completionScript(shell: Shell, commands: readonly Completion[]): string {
  return scripts[shell](commands);
}

const scripts: Record<Shell, (commands: readonly Completion[]) => string> = { bash, zsh, fish };

function bash(commands: readonly Completion[]): string {
  return `# What begins with what is typed, of lines on stdin; $1 comes after each.
_berth_offer() {
  local line
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    printf -v line %q "$line"
    case $line in "$current"*) COMPREPLY+=("$line$1") ;; esac
  done
}
_berth_ask() { eval "\${COMP_WORDS[0]} complete $1" 2>/dev/null; }
_berth() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _berth_offer < <(printf '%s\\n' ${names(commands)} help)
    return
  fi
  case $previous in
${optionValues(commands, (what) => `_berth_offer < <(_berth_ask ${what})`)}
  esac
  case $command:$current in
${commands.map((one) => `    ${one.name}:-*) _berth_offer < <(printf '%s\\n' ${flags(one)}) ;;`).join("\n")}
${commands.flatMap((one) => bashValues(one)).join("\n")}
    help:*) _berth_offer < <(printf '%s\\n' ${names(commands)}) ;;
  esac
}
complete -o default -F _berth berth
`;
}

function bashValues({ name, values }: Completion): string[] {
  if (values === null) return [];
  if (values === "places") return [`    ${name}:*) compopt -o nospace; _berth_offer : < <(_berth_ask sessions) ;;`];
  if (typeof values === "string") return [`    ${name}:*) _berth_offer < <(_berth_ask ${values}) ;;`];
  return [`    ${name}:*) _berth_offer < <(printf '%s\\n' ${values.choices.join(" ")}) ;;`];
}

function zsh(commands: readonly Completion[]): string {
  return `#compdef berth
# Values with what they are beside them; $2 comes after each.
_berth_ask() {
  local line
  local -a values labels
  for line in "\${(@f)$(eval "\${words[1]} complete $1" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}$2")
    labels+=("\${line%%$'\\t'*}  \${line#*$'\\t'}")
  done
  if [[ -n $2 ]]; then compadd -S '' -l -d labels -a values; else compadd -l -d labels -a values; fi
}
_berth() {
  local -a commands
  commands=(
${commands.map((one) => `    ${quoted(`${one.name}:${one.summary}`)}`).join("\n")}
    'help:say more about a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[CURRENT-1]}" in
${optionValues(commands, (what) => `_berth_ask ${what}`)}
  esac
  case "\${words[2]}:$PREFIX" in
${commands.map((one) => `    ${one.name}:-*) compadd -- ${flags(one)} ;;`).join("\n")}
${commands.flatMap((one) => zshValues(one)).join("\n")}
    help:*) _describe command commands ;;
    *) _files ;;
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _berth berth
`;
}

function zshValues({ name, values }: Completion): string[] {
  if (values === null) return [];
  if (values === "places") return [`    ${name}:*) _berth_ask sessions :; _files ;;`];
  if (typeof values === "string") return [`    ${name}:*) _berth_ask ${values} ;;`];
  return [`    ${name}:*) compadd -- ${values.choices.join(" ")} ;;`];
}

function fish(commands: readonly Completion[]): string {
  return [
    "complete -c berth -f",
    `complete -c berth -n __fish_use_subcommand -a help -d 'say more about a command'`,
    `complete -c berth -n '__fish_seen_subcommand_from help' -a ${quoted(names(commands))}`,
    ...commands.flatMap((one) => {
      const used = `-n '__fish_seen_subcommand_from ${one.name}'`;
      return [
        `complete -c berth -n __fish_use_subcommand -a ${one.name} -d ${quoted(one.summary)}`,
        ...fishValues(one.values).map((values) => `complete -c berth ${used} ${values}`),
        ...one.options.map(
          ({ flag, about, takesValue, values }) =>
            `complete -c berth ${used} -l ${flag.slice(2)} ${[takesValue ? "-r" : "", ...fishValues(values)].join(" ")} -d ${quoted(about)}`,
        ),
      ];
    }),
    "",
  ].join("\n");
}

function fishValues(values: Values): string[] {
  if (values === null) return [];
  if (values === "places")
    return ["-F", `-a '(berth complete sessions 2>/dev/null | string replace -r "^(\\\\w+)" "\\$1:")'`];
  if (typeof values === "string") return [`-a '(berth complete ${values} 2>/dev/null)'`];
  return [`-a ${quoted(values.choices.join(" "))}`];
}

/** Branches of a `case` over the word before. */
function optionValues(commands: readonly Completion[], ask: (what: string) => string): string {
  const found = new Map(commands.flatMap((one) => one.options.map(({ flag, values }) => [flag, values] as const)));
  return [...found]
    .flatMap(([flag, values]) => (typeof values === "string" ? [`    ${flag}) ${ask(values)}; return ;;`] : []))
    .join("\n");
}

function names(commands: readonly Completion[]): string {
  return commands.map((one) => one.name).join(" ");
}

function flags(command: Completion): string {
  return command.options.map((option) => option.flag).join(" ");
}

/** For all three shells: nothing in single quotes is read but the quote itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
