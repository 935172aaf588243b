// `berth snapshots`: what is kept of a session's files, and keeping them now.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import type { Snapshot } from "../../contract/snapshots.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { wholeNumber } from "../options.ts";
import { toJsonLine } from "../printer.ts";
import { age, renderTable } from "../table.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { take?: boolean; limit: number; json?: boolean };

const LOOK_MS = 500;
/** A worker looks every ten seconds; a large disk takes a while. */
const PATIENCE_MS = 120_000;

export function addSnapshots(program: Command, { terminal, connect, now }: CommandContext): void {
  program
    .command("snapshots")
    .summary("list the snapshots of a session's files, or take one")
    .description(
      "Lists the snapshots of a session's files, newest first. With --take one is taken first, unless the files are those of the last one.",
    )
    .argument("<session>", "its id")
    .option("--take", "take one now, and wait for it")
    .option("--limit <n>", "how many at most", wholeNumber(1, 1000), 20)
    .option("--json", "one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  berth snapshots sesn_…\n  berth snapshots sesn_… --take --limit 1 --json | jq -r .id",
    )
    .action(async (sessionId: string, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client } = connect(options);
      if (options.take) await take(client, sessionId);
      const { data } = await client.sessions.snapshots(sessionId, { limit: options.limit });
      if (options.json) for (const one of data) terminal.out(`${toJsonLine(one)}\n`);
      else if (data.length === 0) terminal.note("No snapshots yet. Take one: berth snapshots <session> --take\n");
      else {
        const rows = data.map((one) => rowOf(one, now()));
        // Scripts get no heading, and nothing cut.
        if (terminal.live) terminal.out(renderTable([HEADING, ...rows], terminal.columns));
        else terminal.out(renderTable(rows, null));
      }
    });
}

const HEADING = ["ID", "STATE", "AGE", "REASON", "FILES", "BYTES", "NEW BYTES"];

function rowOf(one: Snapshot, nowMs: number): string[] {
  const counts = [one.files, one.size_bytes, one.new_bytes].map(String);
  return [one.id, one.state, age(one.created_at, nowMs), one.reason, ...counts];
}

async function take(client: BerthClient, sessionId: string): Promise<void> {
  const request = await client.sessions.takeSnapshot(sessionId);
  const deadline = performance.now() + PATIENCE_MS;
  while (request.state === "requested") {
    const newest = (await client.sessions.snapshots(sessionId, { limit: 1 })).data[0];
    if (newest && Date.parse(newest.checked_at) >= Date.parse(request.requested_at)) return;
    if (performance.now() > deadline)
      throw new CliFailure(
        "It was asked for, and is not taken yet. `berth doctor` says whether snapshots can be stored.",
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
