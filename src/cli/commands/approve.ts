// `berth approve`: answers tool calls that wait for a person.
import type { Command } from "commander";
import type { BerthClient } from "../../client/berth.ts";
import type { SessionEvent } from "../../contract/events.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import { callExactly, callLine } from "../show-call.ts";
import { type OpenCall, takesConfirmation } from "../turn-watch.ts";
import type { CommandContext } from "./context.ts";

type Options = ServerFlags & { deny?: boolean; reason?: string; always?: boolean; call?: string; all?: boolean };

export function addApprove(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("approve")
    .summary("allow or deny a tool call that waits")
    .description("Allows the tool call that a session waits with, or denies it, and prints what was answered.")
    .argument("<session>", "id of a session, see berth ls --waiting")
    .option("--deny", "do not run it")
    .option("--reason <text>", "with --deny: what the agent is told")
    .option("--always", "allow the call's tool from now on in this session")
    .option("--call <id>", "which one, when several wait")
    .option("--all", "all that wait")
    .addHelpText(
      "after",
      '\nExamples:\n  berth approve sesn_…\n  berth approve sesn_… --deny --reason "Not in this directory"\n  berth ls --waiting',
    )
    .action(async (sessionId: string, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.reason !== undefined && !options.deny) throw new CliFailure("--reason goes with --deny.");
      if (options.always && options.deny) throw new CliFailure("--always does not go with --deny.");
      const { client } = connect(options);
      const chosen = chooseCalls(await waitingCalls(client, sessionId), options);
      const result = options.deny ? ("deny" as const) : ("allow" as const);
      await client.events.send(
        sessionId,
        chosen.map((call) => ({
          type: "user.tool_confirmation" as const,
          tool_use_id: call.id,
          result,
          ...(options.reason ? { deny_message: options.reason } : {}),
          ...(options.always ? { remember: true } : {}),
        })),
      );
      for (const call of chosen) terminal.out(`${options.deny ? "Denied" : "Allowed"}: ${callExactly(call)}\n`);
    });
}

/** Pure: a call is only answered when it is plain which one is meant. */
export function chooseCalls(waiting: readonly OpenCall[], options: { call?: string; all?: boolean }): OpenCall[] {
  const answerable = waiting.filter(takesConfirmation);
  if (answerable.length === 0) {
    throw new CliFailure(
      waiting.length > 0
        ? "What waits here are calls of the client's own tools: a program answers them with a result."
        : "Nothing waits for an answer in this session.",
    );
  }
  if (options.call !== undefined) {
    const found = answerable.filter((call) => call.id === options.call);
    if (found.length === 0) throw new CliFailure(`${options.call} does not wait. These do:\n${lines(answerable)}`);
    return found;
  }
  if (answerable.length > 1 && !options.all)
    throw new CliFailure(`${answerable.length} calls wait: choose one with --call, or --all.\n${lines(answerable)}`);
  return answerable;
}

function lines(calls: readonly OpenCall[]): string {
  return calls.map((call) => `  ${call.id}  ${callLine(call)}`).join("\n");
}

async function waitingCalls(client: BerthClient, sessionId: string): Promise<OpenCall[]> {
  const session = await client.sessions.get(sessionId);
  if (session.status !== "idle" || session.stop_reason?.type !== "requires_action") return [];
  const left = new Set(session.stop_reason.event_ids);
  const found: OpenCall[] = [];
  let page: string | null = null;
  do {
    const answer = await client.events.list(sessionId, {
      order: "desc",
      types: ["agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use"],
      limit: 100,
      ...(page === null ? {} : { page }),
    });
    for (const event of answer.data) {
      if (!isCall(event)) continue;
      if (left.delete(event.id)) found.unshift(event);
    }
    page = answer.next_page;
  } while (page !== null && left.size > 0);
  return found;
}

function isCall(event: SessionEvent): event is OpenCall {
  return ["agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use"].includes(event.type);
}
