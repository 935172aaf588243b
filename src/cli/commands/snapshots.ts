// `berth snapshots`: what is kept of a session's files, and keeping them now.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import type { Snapshot } from "../../contract/snapshots.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { wholeNumber } from "../options.ts";
import { toJsonLine } from "../printer.ts";
import { age, renderTable } from "../table.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { take?: boolean; changes?: boolean; limit: number; json?: boolean };

const LOOK_MS = 500;
/** A worker looks every ten seconds; a large disk takes a while. */
const PATIENCE_MS = 120_000;

export function addSnapshots(program: Command, { terminal, connect, now }: CommandContext): void {
  program
    .command("snapshots")
    .summary("list the snapshots of a session's files, or take one")
    .description(
      "Lists the snapshots of a session's files, newest first, with how many files each has more (+), otherwise (~) and no more (-) than the one before. With --take one is taken first, unless the files are those of the last one.",
    )
    .argument("<session>", "its id")
    .option("--take", "take one now, and wait for it")
    .option("--changes", "name the files that are different, below each")
    .option("--limit <n>", "how many at most", wholeNumber(1, 1000), 20)
    .option("--json", "one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  berth snapshots sesn_…\n  berth snapshots sesn_… --take --limit 1 --json | jq -r .id\n  berth snapshots sesn_… --changes --limit 1",
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
        const width = terminal.live ? terminal.columns : null;
        const lines = renderTable(terminal.live ? [HEADING, ...rows] : rows, width).split(/(?<=\n)/);
        if (terminal.live) terminal.out(lines.shift() ?? "");
        for (const [index, one] of data.entries()) {
          terminal.out(lines[index] ?? "");
          if (options.changes) for (const line of changeLines(one)) terminal.out(`  ${line}\n`);
        }
      }
    });
}

const HEADING = ["ID", "STATE", "AGE", "REASON", "FILES", "BYTES", "NEW BYTES", "CHANGES"];

function rowOf(one: Snapshot, nowMs: number): string[] {
  const counts = [one.files, one.size_bytes, one.new_bytes].map(String);
  const { changes } = one;
  const counted = changes ? `+${changes.added.count} ~${changes.changed.count} -${changes.removed.count}` : "?";
  return [one.id, one.state, age(one.created_at, nowMs), one.reason, ...counts, counted];
}

const KINDS = [
  ["+", "added"],
  ["~", "changed"],
  ["-", "removed"],
] as const;

/** Names are the agent's: one a line, whatever is in them. */
function changeLines({ changes }: Snapshot): string[] {
  if (!changes) return ["not known: it was taken by an earlier release, or what was before can't be read"];
  return KINDS.flatMap(([sign, kind]) => {
    const { count, paths } = changes[kind];
    const more = count - paths.length;
    const lines = paths.map((path) => `${sign} ${visibleExactly(path).replaceAll("\n", "⏎")}`);
    return more > 0 ? [...lines, `${sign} … and ${more} more`] : lines;
  });
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
