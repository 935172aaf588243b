// Commands that are typed in place of a message.

export const slashCommands = {
  interrupt: { argument: null, what: "stop what the agent does" },
  model: { argument: "name", what: "use another model from the next request on" },
  rename: { argument: "new title", what: "give the session another title" },
  copy: { argument: null, what: "copy the agent's last answer" },
  export: { argument: "markdown, html or json", what: "save the conversation as a file" },
  archive: { argument: null, what: "close the session for good, after a question" },
  help: { argument: null, what: "list the keys" },
} as const;
export type SlashName = keyof typeof slashCommands;
export type SlashCommand = { name: SlashName; argument: string };

const names = Object.keys(slashCommands) as SlashName[];

/** Null for everything that is a message: also a path such as `/etc/hosts`. */
export function parseSlash(text: string): SlashCommand | null {
  const [, word, argument = ""] = /^\/([a-z]+)(?:\s+([^\n]*))?$/.exec(text.trim()) ?? [];
  const name = names.find((one) => one === word);
  return name ? { name, argument: argument.trim() } : null;
}

/** The commands that may be meant by what is typed so far. */
export function suggestSlash(text: string): SlashName[] {
  const [, word] = /^\/([a-z]*)(?:\s[^\n]*)?$/.exec(text) ?? [];
  if (word === undefined) return [];
  return names.filter((name) => (text.includes(" ") ? name === word : name.startsWith(word)));
}
