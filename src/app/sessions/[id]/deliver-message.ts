// Brings a message to the server: its files into the sandbox first, then the message that names them.
import type { BerthClient } from "../../../client/berth.ts";
import type { KeptMessage } from "./outbox-store.ts";
import { choosePaths, nameUploads, UPLOAD_DIRECTORY, WORKSPACE } from "./upload-names.ts";

type Client = { events: Pick<BerthClient["events"], "send">; files: Pick<BerthClient["files"], "list" | "write"> };
type Delivery = {
  client: Client;
  sessionId: string;
  message: KeptMessage;
  /** Called before anything is sent by what was chosen: a repeated delivery has to choose the same. */
  keep: (message: KeptMessage) => Promise<unknown>;
};

/** The id of the stored event. Whoever calls it again with the same message gets the same. */
export async function deliverMessage({ client, sessionId, message, keep }: Delivery): Promise<string | null> {
  const placed = message.uploads.some(({ path }) => path === null)
    ? await placeUploads(client, sessionId, message)
    : message;
  if (placed !== message) await keep(placed);
  for (const { path, file } of placed.uploads) if (path !== null) await client.files.write(sessionId, path, file);
  const paths = placed.uploads.flatMap(({ path }) => path ?? []);
  const answer = await client.events.send(
    sessionId,
    [{ type: "user.message", content: nameUploads(placed.content, paths) }],
    { idempotencyKey: placed.key },
  );
  return answer.data[0]?.id ?? null;
}

async function placeUploads(client: Client, sessionId: string, message: KeptMessage): Promise<KeptMessage> {
  const taken = await namesIn(client, sessionId);
  const paths = choosePaths(
    message.uploads.map(({ name }) => name),
    taken,
  );
  return { ...message, uploads: message.uploads.map((upload, index) => ({ ...upload, path: paths[index] ?? null })) };
}

/** The sandbox may be older than the first upload: then it has no such directory. */
async function namesIn(client: Client, sessionId: string): Promise<string[]> {
  const { data: workspace } = await client.files.list(sessionId, WORKSPACE);
  if (!workspace.some(({ name }) => `${WORKSPACE}/${name}` === UPLOAD_DIRECTORY)) return [];
  return (await client.files.list(sessionId, UPLOAD_DIRECTORY)).data.map(({ name }) => name);
}
