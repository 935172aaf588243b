// The agent that a newcomer finds: made once for a team that never had one.
import { FIRST_MESSAGE_KEY } from "../contract/first-message.ts";
import { hasAgents, insertAgent } from "../db/agents.ts";
import { type Database, inTransaction } from "../db/database.ts";
import { lockTeam } from "../db/teams.ts";
import { newId } from "../lib/ids.ts";
import { toDefinition } from "./definition.ts";

/** In model names: what cannot hold a conversation. Gateways do not tell, so their names have to. */
const OTHER_KINDS = /embed|whisper|transcri|tts|speech|dall-?e|image|rerank|moderation|\*/i;

/**
 * Makes "Hello agent" unless the team has, or once had, an agent. Says whether the team has one now: false while no model
 * is known. Safe when several processes do it at once. `findModel` is asked only when an agent is missing.
 */
export async function ensureFirstAgent(
  db: Database,
  { teamId, findModel, now }: { teamId: string; findModel: () => Promise<string | null>; now: () => number },
): Promise<boolean> {
  if (await hasAgents(db, teamId)) return true;
  const model = await findModel();
  if (model === null) return false;
  await inTransaction(db, async (tx) => {
    await lockTeam(tx, teamId);
    if (await hasAgents(tx, teamId)) return;
    await insertAgent(tx, {
      id: newId("agent", now()),
      teamId,
      definition: helloAgent(model),
      now: new Date(now()),
    });
  });
  return true;
}

/** The first model that can be talked to, as far as names tell. */
export function chooseChatModel(ids: readonly string[]): string | null {
  return ids.find((id) => !OTHER_KINDS.test(id)) ?? null;
}

function helloAgent(model: string) {
  return toDefinition({
    name: "Hello agent",
    description: "Was here at the first start, to try Berth with. Change it as you like.",
    model,
    system:
      "You are a helpful assistant with a Linux sandbox of your own. Use your tools instead of guessing: run commands, read what they print, then answer briefly and say what you did.",
    tools: [{ type: "agent_toolset_20260401" }],
    metadata: {
      [FIRST_MESSAGE_KEY]: "Say hello, then show me where you are: run `uname -a && id && ls -la`",
    },
  });
}
