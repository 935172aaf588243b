// `berth doctor`: what works, what does not, and what to do about it.
import type { Command } from "commander";
import { ApiError } from "../../client/api-error.ts";
import type { BerthClient } from "../../client/berth.ts";
import type { Health, PartHealth } from "../../client/health.ts";
import { visibleOutput } from "../../lib/visible-text.ts";
import { EXIT } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { toJsonLine } from "../printer.ts";
import type { Paint } from "../terminal.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { json?: boolean };

export function addDoctor(program: Command, { terminal, connect, exit }: CommandContext): void {
  program
    .command("doctor")
    .summary("say what works, and what to do where something does not")
    .description(
      "Asks the server which of its parts work, and whether it takes the key. Exit code 0 when it can be used, else 1.",
    )
    .option("--json", "the answer as JSON")
    .addHelpText("after", "\nExamples:\n  berth doctor\n  berth doctor --url https://berth.example.com --api-key …")
    .action(async (_options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { client, url } = connect(options);
      const health = await client.health.get();
      const key = await checkKey(client);
      if (options.json) terminal.out(`${toJsonLine({ url, ...health, key })}\n`);
      else terminal.out(renderHealth({ url, health, key, paint: terminal.paint }));
      exit(health.status === "ready" && key.ok ? EXIT.done : EXIT.failed);
    });
}

async function checkKey(client: BerthClient): Promise<PartHealth> {
  try {
    await client.agents.list({ limit: 1 });
    return { ok: true, state: "ok", detail: "The server takes the key." };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const refused = error.status === 401 || error.status === 403;
    const detail = refused
      ? "The server does not take the key. Set BERTH_API_KEY or --api-key to one of its keys."
      : `The key could not be tried: ${error.message}`;
    return { ok: false, state: "down", detail };
  }
}

const marks = { ok: ["ok", "green"], degraded: ["note", "yellow"], down: ["DOWN", "red"] } as const;

/** Pure. */
export function renderHealth(facts: { url: string; health: Health; key: PartHealth; paint: Paint }): string {
  const { health, paint } = facts;
  const rows = Object.entries({ ...health.parts, key: facts.key }).map(([name, part]) => {
    const [mark, colour] = marks[part.ok || part.state === "down" ? part.state : "degraded"];
    return `  ${name.padEnd(11)}${paint(mark.padEnd(6), colour)}${visibleOutput(part.detail)}`;
  });
  const good = health.status === "ready" && facts.key.ok;
  const sum = good
    ? paint("Berth can be used.", "green")
    : paint("Berth cannot be used as it is: see what is DOWN.", "red");
  return [`Berth ${health.version} at ${facts.url}`, ...rows, sum, ""].join("\n");
}
