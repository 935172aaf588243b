// `berth logs`: what happened in a session.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import type { Page } from "../../client/page.ts";
import type { SessionEvent } from "../../contract/events.ts";
import { EXIT } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { followSession } from "../follow-session.ts";
import { wholeNumber } from "../options.ts";
import { printerFor } from "../printer.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { follow?: boolean; json?: boolean; tail?: number };
const MAX_PAGE = 100;
const MAX_TAIL = 100_000;

export function addLogs(program: Command, { terminal, connect, exit }: CommandContext): void {
  program
    .command("logs")
    .summary("print what happened in a session")
    .description("Prints a session from its beginning: messages, tool calls and their output, failures.")
    .argument("<session>", "id of a session, see berth ls")
    .option("-f, --follow", "go on with what happens next, until Ctrl-C")
    .option("-n, --tail <n>", "only the last n events", wholeNumber(1, MAX_TAIL))
    .option("--json", "events as JSON, one a line, every one of them")
    .addHelpText(
      "after",
      "\nExamples:\n  berth logs sesn_… | less\n  berth logs sesn_… -f --tail 50\n  berth logs sesn_… --json > session.jsonl",
    )
    .action(async (sessionId: string, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client } = connect(options);
      const printer = printerFor(terminal, { json: options.json === true, all: true });
      if (!options.follow) {
        if (options.tail) for (const event of await lastEvents(client, sessionId, options.tail)) printer.take(event);
        else for await (const event of allEvents(client, sessionId)) printer.take(event);
        return;
      }
      const first = options.tail ? (await lastEvents(client, sessionId, options.tail))[0] : undefined;
      await followSession({
        client,
        terminal,
        sessionId,
        printer,
        previews: terminal.live && !options.json,
        showFrom: first?.id ?? null,
        liveFrom: null,
        endsAtRest: false,
        asks: false,
        interrupts: false,
      });
      exit(EXIT.done);
    });
}

async function* allEvents(client: BerthClient, sessionId: string): AsyncGenerator<SessionEvent> {
  let page: string | null = null;
  do {
    const answer: Page<SessionEvent> = await client.events.list(sessionId, {
      order: "asc",
      limit: MAX_PAGE,
      ...(page === null ? {} : { page }),
    });
    yield* answer.data;
    page = answer.next_page;
  } while (page !== null);
}

async function lastEvents(client: BerthClient, sessionId: string, count: number): Promise<SessionEvent[]> {
  const found: SessionEvent[] = [];
  let page: string | null = null;
  do {
    const answer: Page<SessionEvent> = await client.events.list(sessionId, {
      order: "desc",
      limit: Math.min(count, MAX_PAGE),
      ...(page === null ? {} : { page }),
    });
    found.push(...answer.data);
    page = answer.next_page;
  } while (page !== null && found.length < count);
  return found.slice(0, count).reverse();
}
