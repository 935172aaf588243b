// The texts that the built-in harness adds to a prompt.

const ENVIRONMENT = `# Environment
Your tools run in a Linux sandbox of your own. The working directory is /workspace; files there and in /home/agent are kept between turns. The network is https only (port 443), to the hosts that this environment allows; a request that is refused is answered with the reason.`;

/** The agent's own prompt first; the environment is explained only to a model that has tools in it. */
export function systemPrompt(options: {
  system: string | null;
  hasSandboxTools: boolean;
  /** MCP servers that cannot be asked now. */
  away: readonly string[];
}): string {
  const away =
    options.away.length > 0
      ? `# MCP servers that are away\nThese MCP servers cannot be reached now, so their tools are missing: ${options.away.join(", ")}. Say so when the task needs them.`
      : "";
  return [options.system?.trim(), options.hasSandboxTools ? ENVIRONMENT : "", away].filter(Boolean).join("\n\n");
}

export const SUMMARY_SYSTEM = `You sum up the older part of a conversation between a user and an AI agent that works with tools, so that the agent can go on with your summary in place of that part. Write for the agent, densely, under these headings: Task and wishes of the user · What was done and decided · State of files and environment (paths, names, commands that matter) · What is open · Facts to keep word for word. Invent nothing.`;

export function summaryRequest(transcript: string): string {
  return `The older part of the conversation, between the lines:\n----------\n${transcript}\n----------\nWrite the summary.`;
}
