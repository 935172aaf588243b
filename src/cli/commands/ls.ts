// `berth ls`: sessions, or agents.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import { STATE_WORDS, sessionState, waitingTools } from "../../client/session-state.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { collect, MAX_PAGE } from "../collect.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { wholeNumber } from "../options.ts";
import { toJsonLine } from "../printer.ts";
import { age, renderTable } from "../table.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & {
  agents?: boolean;
  waiting?: boolean;
  search?: string;
  all?: boolean;
  limit: number;
  json?: boolean;
};

export function addLs(program: Command, { terminal, connect, now }: CommandContext): void {
  program
    .command("ls")
    .summary("list sessions, newest first")
    .description("Lists sessions, newest first, or agents.")
    .option("--agents", "list agents instead")
    .option("--waiting", "only sessions that wait for a person")
    .option("--search <words>", "only sessions whose title has these words")
    .option("--all", "archived ones too")
    .option("--limit <n>", "how many at most", wholeNumber(1, 10_000), 20)
    .option("--json", "one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  berth ls\n  berth ls --agents\n  berth ls --search 'release notes'\n  berth ls --waiting --json | jq -r .id",
    )
    .action(async (_options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.agents && (options.waiting || options.search !== undefined))
        throw new CliFailure("--waiting and --search are for sessions: leave out --agents.");
      const { client } = connect(options);
      const listed = options.agents ? await listAgents(client, options) : await listSessions(client, options, now());
      if (options.json) {
        for (const one of listed.found) terminal.out(`${toJsonLine(one)}\n`);
      } else if (listed.rows.length === 0) terminal.note(`${listed.none}\n`);
      // Scripts get no heading, and nothing cut.
      else if (terminal.live) terminal.out(renderTable([listed.heading, ...listed.rows], terminal.columns));
      else terminal.out(renderTable(listed.rows, null));
    });
}

type Listed = { found: readonly unknown[]; heading: string[]; rows: string[][]; none: string };

async function listAgents(client: BerthClient, options: Options): Promise<Listed> {
  const found = await collect((page) => client.agents.list({ ...commonQuery(options), ...page }), options.limit);
  return {
    found,
    heading: ["ID", "VERSION", "MODEL", "NAME"],
    rows: found.map((one) => [one.id, `v${one.version}`, oneLine(one.model.id), oneLine(one.name)]),
    none: "No agents yet. Make one in the dashboard: berth login prints a link.",
  };
}

async function listSessions(client: BerthClient, options: Options, nowMs: number): Promise<Listed> {
  const chosen = {
    ...(options.waiting ? { waiting_for: "tool_confirmation" as const } : {}),
    ...(options.search?.trim() ? { search: options.search } : {}),
  };
  const found = await collect(
    (page) => client.sessions.list({ ...commonQuery(options), ...chosen, ...page }),
    options.limit,
  );
  return {
    found,
    heading: ["ID", "STATE", "AGE", "AGENT", "TITLE"],
    rows: found.map((one) => [
      one.id,
      stateOf(one),
      age(one.created_at, nowMs),
      oneLine(one.agent.name),
      oneLine(one.title ?? ""),
    ]),
    none: options.waiting
      ? "Nothing waits for you."
      : options.search
        ? "No session has these words in its title."
        : 'No sessions yet. Begin one: berth run "…"',
  };
}

function commonQuery(options: Options) {
  return { limit: Math.min(options.limit, MAX_PAGE), ...(options.all ? { include_archived: true } : {}) };
}

/** `waiting for you: bash`. */
export function stateOf(session: Parameters<typeof sessionState>[0]): string {
  const state = sessionState(session);
  const tools = waitingTools(state, session.waiting_for).map(oneLine).join(", ");
  return STATE_WORDS[state].toLowerCase() + (tools === "" ? "" : `: ${tools}`);
}

function oneLine(text: string): string {
  return visibleName(text);
}
