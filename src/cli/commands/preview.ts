// `berth preview`: what listens in a session's sandbox, and a link that shows it in a browser.
import type { Command } from "commander";
import { visibleExactly } from "../../lib/visible-text.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { toJsonLine } from "../printer.ts";
import { renderTable } from "../table.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { json?: boolean };

export function addPreview(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("preview")
    .summary("show a port of a session's sandbox in a browser")
    .description(
      "Prints a link that shows what an agent's app answers on a port of its sandbox. The link is good for one visit within a minute, by whoever has it. Without a port: the ports on which something listens.",
    )
    .argument("<session>", "id of a session, see berth ls")
    .argument("[port]", "on which the app listens in the sandbox")
    .option("--json", "the API's answer; of ports one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  berth preview sesn_… 5173\n  xdg-open $(berth preview sesn_… 5173)\n  berth preview sesn_…                          what listens",
    )
    .action(async (sessionId: string, portText: string | undefined, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client } = connect(options);
      if (portText !== undefined) {
        const preview = await client.portPreviews.create(sessionId, toPort(portText));
        terminal.out(`${options.json ? toJsonLine(preview) : preview.url}\n`);
        return;
      }
      const { sandbox, data } = await client.portPreviews.ports(sessionId);
      if (options.json) for (const one of data) terminal.out(`${toJsonLine(one)}\n`);
      else if (data.length === 0)
        terminal.note(sandbox === "running" ? "Nothing listens on a port.\n" : "The sandbox does not run.\n");
      else {
        const rows = data.map(({ port, program }) => [String(port), visibleExactly(program ?? "")]);
        terminal.out(
          renderTable(terminal.live ? [["PORT", "PROGRAM"], ...rows] : rows, terminal.live ? terminal.columns : null),
        );
      }
    });
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new CliFailure("The port is a number from 1 to 65535.");
  return port;
}
