// Sessions that live for one turn: made, put to work, perhaps copied, and deleted with all they have.
import { setTimeout as sleep } from "node:timers/promises";
import type { Accepted } from "./facts.ts";
import { Refused, request, type Server, sendEvents } from "./patient-client.ts";

const BUSY_LIMIT_MS = 90_000;

/**
 * The id of a session that was there and is not any more. `command` runs in its sandbox, and mostly still runs when the deletion comes. Throws
 * where a deletion that was acknowledged did not delete.
 */
export async function makeAndDelete(options: {
  server: Server;
  agent: string;
  command: string;
  random: () => number;
}): Promise<string> {
  const { server, agent, command, random } = options;
  const { id } = await request<{ id: string }>(server, "POST", "/v1/sessions", { agent });
  const send = (event: object): Promise<Accepted[]> => sendEvents(server, id, [event]);
  await send({ type: "user.message", content: [{ type: "text", text: `RUNCMD[${command}]` }] });
  await sleep(random() * 4_000);
  if (random() < 0.6) await send({ type: "user.interrupt" });
  await deleteAtRest(server, id);
  const gone = await request(server, "GET", `/v1/sessions/${id}`).then(
    () => false,
    (error: unknown) => error instanceof Refused && error.status === 404,
  );
  if (!gone) throw new Error(`${id}: it was deleted, and is still there`);
  return id;
}

/** One that runs is not deleted: 400. A 404 is the answer to a deletion that was done, and whose first answer was lost. */
async function deleteAtRest(server: Server, id: string): Promise<void> {
  const deadline = Date.now() + BUSY_LIMIT_MS;
  while (Date.now() < deadline) {
    try {
      return void (await request(server, "DELETE", `/v1/sessions/${id}`));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 404) return;
      if (!error.message.includes("is running and cannot be deleted") && error.status !== 409) throw error;
      await sleep(200);
    }
  }
  throw new Error(`${id}: its turn did not end, and it could not be deleted`);
}
