// `berth exec`: a program, or a shell, in a session's sandbox.
import type { Command } from "commander";
import type { ChannelConnection, ChannelHandlers } from "../../client/channels.ts";
import { CLOSE_CODES } from "../../contract/channel-frames.ts";
import { visibleOutput } from "../../lib/visible-text.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import type { Terminal } from "../terminal.ts";
import type { CommandContext } from "./context.ts";

/** The terminal of the command line, beside the dashboard's: whoever comes back finds their shell. */
const TERMINAL_ID = "cli";

export function addExec(program: Command, { terminal, connect, exit }: CommandContext): void {
  program
    .command("exec")
    .summary("run a program, or a shell, in a session's sandbox")
    .description(
      "Runs a program where the agent's tools run: same disk, same user, same limits. Its exit code is this command's. Without a program: a shell on a terminal, which is still there when you come back.",
    )
    .argument("<session>", "id of a session, see berth ls")
    .argument("[command...]", "after --: the program and its arguments, which no shell reads")
    .addHelpText(
      "after",
      "\nExamples:\n  berth exec sesn_… -- ls -la\n  berth exec sesn_… -- sh -c 'grep -r TODO . | wc -l'\n  berth exec sesn_… -- tar xf - < files.tar\n  berth exec sesn_…                              a shell",
    )
    .action(async (sessionId: string, words: string[], _options: object, command: Command) => {
      const { client } = connect(command.optsWithGlobals<ServerFlags>());
      // A refused WebSocket does not say why; this request does.
      await client.sessions.get(sessionId);
      const open =
        words.length > 0
          ? (handlers: ChannelHandlers) => client.channels.program(sessionId, words, handlers)
          : (handlers: ChannelHandlers) =>
              client.channels.terminal(sessionId, { id: TERMINAL_ID, ...sizeOf(terminal), offset: 0 }, handlers);
      exit(words.length > 0 ? await runProgram(terminal, open) : await runShell(terminal, open));
    });
}

type Open = (handlers: ChannelHandlers) => ChannelConnection;

/** Resolves with the exit code. */
function follow(terminal: Terminal, open: Open, begin: (connection: ChannelConnection) => () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let exitCode: number | null = null;
    let end: () => void = () => undefined;
    const connection = open({
      onOpen() {
        end = begin(connection);
      },
      onOutput: (bytes, isErrorOutput) => terminal.write(bytes, isErrorOutput ? "err" : "out"),
      onNotice(notice) {
        if (notice.type === "exited") exitCode = notice.exit_code;
      },
      onClose({ code, reason, opened }) {
        end();
        if (exitCode !== null) return resolve(exitCode);
        if (!opened)
          return reject(
            new CliFailure("The sandbox could not be reached. `berth doctor` says whether sandboxes work."),
          );
        if (code === CLOSE_CODES.sandboxEnded) return reject(new CliFailure("The sandbox ended."));
        reject(new CliFailure(`The connection was lost${reason ? `: ${visibleOutput(reason)}` : "."}`));
      },
    });
  });
}

function runProgram(terminal: Terminal, open: Open): Promise<number> {
  return follow(terminal, open, (connection) => {
    const stopReading = terminal.onInput(
      (bytes) => connection.send(bytes),
      () => connection.control({ type: "end_input" }),
    );
    // Ctrl-C is the program's: it may want to tidy up.
    const stopListening = terminal.onInterrupt(() => connection.control({ type: "signal", signal: "SIGINT" }));
    return () => {
      stopReading();
      stopListening();
    };
  });
}

function runShell(terminal: Terminal, open: Open): Promise<number> {
  if (!terminal.interactive || !terminal.live)
    throw new CliFailure("A shell needs a terminal. Name a program after --, for example: berth exec sesn_… -- ls");
  return follow(terminal, open, (connection) => {
    const leaveRaw = terminal.raw();
    const stopReading = terminal.onInput(
      (bytes) => connection.send(bytes),
      () => connection.close(),
    );
    const stopResizing = terminal.onResize(() => connection.control({ type: "resize", ...sizeOf(terminal) }));
    return () => {
      stopReading();
      stopResizing();
      leaveRaw();
    };
  });
}

function sizeOf({ columns, rows }: Terminal): { columns: number; rows: number } {
  return { columns, rows };
}
