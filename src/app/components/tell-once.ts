// Of all tabs one tells of a session that begins to wait, and none while somebody looks at one of them.
import type { Session } from "../../contract/sessions.ts";

const TELLING = "berth:telling";
const CHANNEL = "berth:who-is-on-the-screen";
const KEY = "berth:told";
const REMEMBERED = 100;
/** A tab that is on the screen answers in a few milliseconds; one that the browser has put aside does not answer at all. */
const ANSWER_MS = 400;

type Locks = Pick<LockManager, "request">;
type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

/** The same for every tab that sees this wait, another one for the session's next. */
export function waitKey(session: Pick<Session, "id" | "stop_reason">): string {
  const reason = session.stop_reason;
  return reason?.type === "requires_action" ? `${session.id} ${reason.event_ids.join(" ")}` : session.id;
}

/** A tab answers as long as it is on the screen; the answer ends that. */
export function answerWhileVisible(isVisible: () => boolean): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<string>) => {
    if (data === "who?" && isVisible()) channel.postMessage("me");
  };
  return () => channel.close();
}

async function somebodyLooks(): Promise<boolean> {
  const channel = new BroadcastChannel(CHANNEL);
  try {
    return await new Promise((resolve) => {
      channel.onmessage = ({ data }: MessageEvent<string>) => data === "me" && resolve(true);
      channel.postMessage("who?");
      setTimeout(() => resolve(false), ANSWER_MS);
    });
  } finally {
    channel.close();
  }
}

/** `tell` is called by one tab only, and by none while one is on the screen. */
export async function tellOnce(
  key: string,
  { locks, storage, tell }: { locks: Locks; storage: Storage; tell: () => Promise<void> },
): Promise<void> {
  await locks.request(TELLING, async () => {
    const told = readTold(storage);
    if (told.includes(key) || (await somebodyLooks())) return;
    storage.setItem(KEY, JSON.stringify([...told, key].slice(-REMEMBERED)));
    await tell();
  });
}

function readTold(storage: Storage): string[] {
  const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
  return Array.isArray(kept) ? kept.map(String) : [];
}
