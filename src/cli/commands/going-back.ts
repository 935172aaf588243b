// `berth rewind` and `berth fork`: back to before an earlier message, in the session itself or in a new one.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import type { Page } from "../../client/page.ts";
import type { SessionEvent } from "../../contract/events.ts";
import { visibleProse } from "../../lib/visible-text.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import type { Terminal } from "../terminal.ts";
import type { CommandContext } from "./context.ts";

type ListOptions = ServerFlags & { list?: boolean };
type ForkOptions = ListOptions & { title?: string };
type Message = { id: string; text: string };
const MAX_PAGE = 100;
const LINE_CHARACTERS = 80;

export function addRewind(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("rewind")
    .summary("take a message back, and all that followed it")
    .description(
      "The agent goes on as if a message and everything after it had never been said. Files go back to what they were then, as far as they were kept; the session's log keeps what was taken back.",
    )
    .argument("<session>", "id of a session that rests, see berth ls")
    .argument(
      "[message]",
      "id of the first message that is taken back; without it the last one that the agent has read",
    )
    .option("--list", "print the messages that can be taken back, and change nothing")
    .addHelpText(
      "after",
      "\nExamples:\n  berth rewind sesn_… --list\n  berth rewind sesn_…\n  berth rewind sesn_… sevt_… && berth run 'Another way' --session sesn_…",
    )
    .action(async (sessionId: string, messageId: string | undefined, _options: ListOptions, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { client } = connect(options);
      const messages = await readMessages(client, sessionId);
      if (options.list) return printMessages(terminal, messages);
      const last = messages.at(-1);
      if (messageId === undefined && !last) throw new CliFailure("There is no message that could be taken back.");
      const id = messageId ?? (last as Message).id;
      await client.sessions.rewind(sessionId, { event_id: id });
      const said = messages.find((message) => message.id === id);
      terminal.out(`Taken back: ${said ? shorten(said.text) : id}\n`);
      terminal.note(await filesNote(client, sessionId));
    });
}

export function addFork(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("fork")
    .summary("go on from here, or from an earlier message, in a new session")
    .description(
      "Makes a new session with a copy of the conversation, and prints its id. It gets the files of that time, as far as they were kept; the other session stays as it is.",
    )
    .argument("<session>", "id of a session, see berth ls")
    .argument("[message]", "id of the first message that is left out; without it nothing is")
    .option("--title <text>", "of the new session; else that of the other one")
    .option("--list", "print the messages that can be named, and make nothing")
    .addHelpText(
      "after",
      "\nExamples:\n  berth fork sesn_…\n  berth fork sesn_… --list\n  berth run 'Try it in Go' --session \"$(berth fork sesn_… sevt_…)\"",
    )
    .action(async (sessionId: string, messageId: string | undefined, _options: ForkOptions, command: Command) => {
      const options = command.optsWithGlobals<ForkOptions>();
      const { client } = connect(options);
      if (options.list) return printMessages(terminal, await readMessages(client, sessionId));
      const made = await client.sessions.fork(sessionId, {
        ...(messageId === undefined ? {} : { event_id: messageId }),
        ...(options.title === undefined ? {} : { title: options.title }),
      });
      terminal.out(`${made.id}\n`);
    });
}

/** What becomes of the files, as the rewind itself says. */
async function filesNote(client: BerthClient, sessionId: string): Promise<string> {
  const { data } = await client.events.list(sessionId, { order: "desc", types: ["session.rewound"], limit: 1 });
  const [rewound] = data;
  const files = rewound?.type === "session.rewound" ? rewound.files : undefined;
  if (files?.type === "snapshot") {
    const late = files.exact ? "" : " What the tools just before that message changed may be missing.";
    return `Files go back to what they were at ${files.taken_at}.${late}\n`;
  }
  return files?.type === "empty"
    ? "The workspace is empty, as it was then.\n"
    : "No files had been kept from then: they stay as they are.\n";
}

async function readMessages(client: BerthClient, sessionId: string): Promise<Message[]> {
  const events: SessionEvent[] = [];
  let page: string | null = null;
  do {
    const answer: Page<SessionEvent> = await client.events.list(sessionId, {
      order: "asc",
      types: ["user.message", "session.rewound"],
      limit: MAX_PAGE,
      ...(page === null ? {} : { page }),
    });
    events.push(...answer.data);
    page = answer.next_page;
  } while (page !== null);
  return messagesOnTheLine(events);
}

/** Messages that the agent has read and that no rewind has taken back, oldest first. Pure; `events` as the log has them. */
export function messagesOnTheLine(events: readonly SessionEvent[]): Message[] {
  let messages: Message[] = [];
  for (const event of events) {
    if (event.type === "session.rewound") {
      const from = messages.findIndex(({ id }) => id === event.event_id);
      if (from !== -1) messages = messages.slice(0, from);
    } else if (event.type === "user.message" && event.processed_at !== null && !event.withdrawn) {
      const texts = event.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
      messages.push({ id: event.id, text: texts.join(" ") });
    }
  }
  return messages;
}

function printMessages(terminal: Terminal, messages: readonly Message[]): void {
  if (messages.length === 0) terminal.note("The agent has read no message of this session yet.\n");
  for (const { id, text } of messages) terminal.out(`${id}  ${shorten(text)}\n`);
}

function shorten(text: string): string {
  const line = visibleProse(text).replace(/\s+/g, " ").trim();
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}
