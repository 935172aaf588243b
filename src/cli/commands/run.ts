// `berth run` and `berth attach`: talk to an agent, and watch it work.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import { chooseAgent } from "../choose-agent.ts";
import { CliFailure, EXIT } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { type Followed, followSession } from "../follow-session.ts";
import { printerFor } from "../printer.ts";
import { callLine } from "../show-call.ts";
import type { Terminal } from "../terminal.ts";
import { takesConfirmation } from "../turn-watch.ts";
import type { CommandContext } from "./context.ts";

type RunOptions = ServerFlags & { agent?: string; session?: string; title?: string; json?: boolean; ask: boolean };

const EXIT_CODES = `
Exit code: 0 the turn ended · 1 the command failed · 2 the agent waits for a person · 3 the turn failed · 130 interrupted or left with Ctrl-C
Ctrl-C interrupts the turn; a second one leaves the agent to its work.`;

export function addRun(program: Command, { terminal, connect, exit }: CommandContext): void {
  program
    .command("run")
    .summary("send a message and watch the answer")
    .description("Sends a message to an agent, in a new session or an existing one, and shows its work until it rests.")
    .argument("<message>", "what to say; - reads it from stdin")
    .option("--agent <name or id>", "who is spoken to; not needed when there is only one")
    .option("--session <id>", "go on in this session")
    .option("--title <text>", "title of the new session")
    .option("--json", "events as JSON, one a line")
    .option("--no-ask", "do not ask about tool calls; end with exit code 2 instead")
    .addHelpText(
      "after",
      `${EXIT_CODES}

Examples:
  berth run 'Run \`uname -a\` and explain it'
  git diff | berth run - --agent reviewer > review.md
  berth run "And now the tests" --session sesn_…
  berth run "List the files" --json | jq -r 'select(.type == "agent.message") | .content[].text'`,
    )
    .action(async (argument: string, _options: RunOptions, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      if (options.session && (options.agent || options.title))
        throw new CliFailure("--session goes on with a session: it has an agent and a title already.");
      const text = argument === "-" ? (await terminal.readInput()).trimEnd() : argument;
      if (text.trim() === "") throw new CliFailure("The message is empty.");
      const { client, url } = connect(options);
      const message = { type: "user.message" as const, content: [{ type: "text" as const, text }] };
      const { sessionId, messageId } = options.session
        ? await sendTo(client, options.session, message)
        : await begin(client, options, message);
      if (!options.json) terminal.note(terminal.paint(`${sessionId}  ${url}/sessions/${sessionId}\n`, "dim"));
      const followed = await followSession({
        client,
        terminal,
        sessionId,
        printer: printerFor(terminal, { json: options.json === true, all: false }),
        previews: terminal.live && !options.json,
        showFrom: messageId,
        liveFrom: messageId,
        endsAtRest: true,
        asks: terminal.interactive && options.ask,
        interrupts: true,
      });
      exit(conclude(terminal, sessionId, followed));
    });

  program
    .command("attach")
    .summary("watch a session from its last message on")
    .description(
      "Shows a session from its last message on and follows it. On a terminal it stays until Ctrl-C and asks about tool calls; in a script it ends when the agent rests.",
    )
    .argument("<session>", "id of a session, see berth ls")
    .option("--json", "events as JSON, one a line")
    .option("--no-ask", "do not ask about tool calls")
    .addHelpText(
      "after",
      `${EXIT_CODES}\n\nExamples:\n  berth attach sesn_…\n  berth attach sesn_… < /dev/null && echo done`,
    )
    .action(async (sessionId: string, _options: RunOptions, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      const { client } = connect(options);
      const [lastMessage, lastEvent] = await Promise.all([
        client.events.list(sessionId, { order: "desc", types: ["user.message"], limit: 1 }),
        client.events.list(sessionId, { order: "desc", limit: 1 }),
      ]);
      const followed = await followSession({
        client,
        terminal,
        sessionId,
        printer: printerFor(terminal, { json: options.json === true, all: true }),
        previews: terminal.live && !options.json,
        showFrom: lastMessage.data[0]?.id ?? null,
        liveFrom: lastEvent.data[0]?.id ?? null,
        endsAtRest: !terminal.interactive,
        asks: terminal.interactive && options.ask,
        interrupts: true,
      });
      exit(conclude(terminal, sessionId, followed));
    });
}

type Message = { type: "user.message"; content: { type: "text"; text: string }[] };

async function begin(client: BerthClient, options: RunOptions, message: Message) {
  const agent = await chooseAgent(client, options.agent);
  const session = await client.sessions.create({
    agent: agent.id,
    ...(options.title ? { title: options.title } : {}),
    initial_events: [message],
  });
  // The log begins with the message: all of it is new.
  return { sessionId: session.id, messageId: null };
}

async function sendTo(client: BerthClient, sessionId: string, message: Message) {
  const { data } = await client.events.send(sessionId, [message]);
  return { sessionId, messageId: data[0]?.id ?? null };
}

/** Says how it ended, where that is not plain to see, and gives the exit code. */
function conclude(terminal: Terminal, sessionId: string, followed: Followed): number {
  const { note, paint } = terminal;
  switch (followed.kind) {
    case "ended":
      return EXIT.done;
    case "interrupted":
      return EXIT.interrupted;
    case "detached":
      if (followed.resting) return EXIT.done;
      note(`\nThe agent goes on without this terminal. Come back: berth attach ${sessionId}\n`);
      return EXIT.interrupted;
    case "failed":
      note(`${paint("The turn failed:", "red")} ${followed.why}\n`);
      return EXIT.turnFailed;
    case "waiting":
      note(
        [
          paint("The agent waits for an answer:", "yellow"),
          ...followed.calls.map((call) => `  ${call.id}  ${callLine(call)}`),
          followed.calls.some(takesConfirmation)
            ? `Answer with: berth approve ${sessionId}   (or --deny --reason "…")\n`
            : "Its own program has to answer (user.custom_tool_result), or a person in the dashboard.\n",
        ].join("\n"),
      );
      return EXIT.waiting;
  }
}
