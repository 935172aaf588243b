// `berth network`: what sessions asked of the outside, and what was decided.
import { type Command, Option } from "commander";
import type { EgressRequestFilter } from "../../client/egress-requests.ts";
import { type EgressRequest, SOURCES } from "../../contract/egress-requests.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { collect, MAX_PAGE } from "../collect.ts";
import type { ServerFlags } from "../find-server.ts";
import { wholeNumber } from "../options.ts";
import { toJsonLine } from "../printer.ts";
import { age, renderTable } from "../table.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & {
  refused?: boolean;
  suspicious?: boolean;
  host?: string;
  source?: EgressRequest["source"];
  limit: number;
  json?: boolean;
};

export function addNetwork(program: Command, { terminal, connect, now }: CommandContext): void {
  program
    .command("network")
    .summary("list what sessions asked of the outside, and what was decided")
    .description(
      "Lists requests to the outside, newest first: of a session's sandbox, and of what the server asks for it (MCP servers, web tools, credentials). A request is listed when it is over.",
    )
    .argument("[session]", "its id; else of all sessions")
    .option("--refused", "only those that a rule said no to")
    .option("--suspicious", "only those that no program makes by accident")
    .option("--host <name>", "only those to this host, or *.example.com for all below it")
    .addOption(new Option("--source <part>", "only those of this part").choices(SOURCES))
    .option("--limit <n>", "how many at most", wholeNumber(1, 10_000), 20)
    .option("--json", "one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  berth network sesn_…\n  berth network --refused --host '*.example.com'\n  berth network --suspicious --json | jq -r .session_id",
    )
    .action(async (sessionId: string | undefined, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client } = connect(options);
      const filter = { ...filterOf(options), ...(sessionId === undefined ? {} : { session_id: sessionId }) };
      const limit = Math.min(options.limit, MAX_PAGE);
      const found = await collect((page) => client.egressRequests.list({ ...filter, limit, ...page }), options.limit);
      if (options.json) for (const one of found) terminal.out(`${toJsonLine(one)}\n`);
      else if (found.length === 0) terminal.note("No such requests yet.\n");
      else {
        const rows = found.map((one) => rowOf(one, now()));
        // Scripts get no heading, and nothing cut.
        if (terminal.live) terminal.out(renderTable([HEADING, ...rows], terminal.columns));
        else terminal.out(renderTable(rows, null));
      }
    });
}

function filterOf({ refused, suspicious, host, source }: Options): EgressRequestFilter {
  return {
    ...(refused ? { decision: "deny" as const } : {}),
    ...(suspicious ? { suspicious: true } : {}),
    ...(host === undefined ? {} : { host }),
    ...(source === undefined ? {} : { source }),
  };
}

const HEADING = ["AGE", "SESSION", "SOURCE", "DECISION", "STATUS", "RULE", "CREDENTIALS", "REQUEST"];

/** Names and paths are the agent's: shown as what they are. */
function rowOf(one: EgressRequest, nowMs: number): string[] {
  const { session_id, source, decision, status, suspicious, rule, credentials, method, host, path } = one;
  const credential = credentials.map(visibleExactly).join(", ");
  return [
    age(one.created_at, nowMs),
    session_id ?? "-",
    source,
    suspicious ? `${decision}!` : decision,
    String(status ?? "-"),
    rule,
    credential || "-",
    visibleExactly(`${method || "-"} ${host}${path}`),
  ];
}
