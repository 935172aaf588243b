// A message goes with its files: each to a place of its own, chosen once, and the same again when it is delivered again.
import { expect, test } from "vitest";
import type { EventInput } from "../../../contract/events.ts";
import { deliverMessage } from "./deliver-message.ts";
import type { KeptMessage } from "./outbox-store.ts";

function sandbox(files: Record<string, string[]>) {
  const did: string[] = [];
  const sent: { events: EventInput[]; key: string | undefined }[] = [];
  type Client = Parameters<typeof deliverMessage>[0]["client"];
  const list = async (_id: string, path: string) => {
    did.push(`list ${path}`);
    const names = files[path];
    if (!names) throw new Error(`${path}: no such file or directory`);
    return { path, truncated: false, data: names.map((name) => ({ name })) };
  };
  const client = {
    files: { list, write: async (_id: string, path: string) => void did.push(`write ${path}`) },
    events: {
      send: async (_id: string, events: EventInput[], { idempotencyKey }: { idempotencyKey?: string } = {}) => {
        did.push("send");
        sent.push({ events, key: idempotencyKey });
        return { data: [{ id: "sevt_1" }] };
      },
    },
    // Only what a delivery uses.
  } as unknown as Client;
  return { client, did, sent };
}
const message = (uploads: KeptMessage["uploads"]): KeptMessage => ({
  key: "key-1",
  content: [{ type: "text", text: "Look" }],
  uploads,
  createdAtMs: 0,
  failure: null,
});
const upload = (name: string, path: string | null = null) => ({ name, file: new Blob(["x"]), path });

test("without files the message is sent, and nothing else is asked", async () => {
  const { client, did, sent } = sandbox({});
  const kept: KeptMessage[] = [];
  const keep = async (placed: KeptMessage) => void kept.push(placed);
  expect(await deliverMessage({ client, sessionId: "sesn_1", message: message([]), keep })).toBe("sevt_1");
  expect(did).toEqual(["send"]);
  expect(kept).toEqual([]);
  expect(sent[0]?.key).toBe("key-1");
});

test("in a sandbox that has no uploads yet, and in one that has, no file takes another's place", async () => {
  for (const [files, path] of [
    [{ "/workspace": ["src"] }, "/workspace/uploads/a.bin"],
    [{ "/workspace": ["src", "uploads"], "/workspace/uploads": ["a.bin"] }, "/workspace/uploads/a-2.bin"],
  ] as const) {
    const { client, did, sent } = sandbox(files as unknown as Record<string, string[]>);
    const kept: KeptMessage[] = [];
    const keep = async (placed: KeptMessage) => {
      did.push("keep");
      kept.push(placed);
    };
    await deliverMessage({ client, sessionId: "sesn_1", message: message([upload("a.bin")]), keep });
    expect(did.slice(-3)).toEqual(["keep", `write ${path}`, "send"]);
    expect(kept[0]?.uploads[0]?.path).toBe(path);
    expect(sent[0]?.events).toMatchObject([
      { content: [{ text: "Look" }, { text: `Uploaded into the sandbox:\n${path}` }] },
    ]);
  }
});

test("delivered again it chooses nothing anew, so that its body is the same", async () => {
  const { client, did } = sandbox({});
  const again = message([upload("a.bin", "/workspace/uploads/a-7.bin")]);
  await deliverMessage({ client, sessionId: "sesn_1", message: again, keep: async () => undefined });
  expect(did).toEqual(["write /workspace/uploads/a-7.bin", "send"]);
});
