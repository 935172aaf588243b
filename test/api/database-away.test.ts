// While Postgres is away, requests wait a little or are answered 503 with Retry-After; nothing that was acknowledged is lost.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { type FreshDatabase, freshDatabase } from "../support/postgres.ts";
import { readStream } from "../support/stream-reader.ts";
import { until } from "../support/until.ts";

/** Stands between the server and Postgres, and can be shut: connections break, new ones are refused. */
class Gate {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;
  readonly #target: URL;
  constructor(target: string) {
    this.#target = new URL(target);
  }
  get url(): string {
    const url = new URL(this.#target);
    url.port = String(this.#port);
    return url.href;
  }
  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      const upstream = connect(Number(this.#target.port), this.#target.hostname);
      for (const end of [socket, upstream]) {
        this.#sockets.add(end);
        end.on("error", () => undefined);
        end.on("close", () => {
          this.#sockets.delete(end);
          socket.destroy();
          upstream.destroy();
        });
      }
      socket.pipe(upstream).pipe(socket);
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#port = address.port;
  }
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, "close");
  }
}

let database: FreshDatabase;
let gate: Gate;
let server: ApiServer;
beforeAll(async () => {
  database = await freshDatabase();
  gate = new Gate(database.url);
  await gate.open();
  server = await startApiServer({ database: { ...database, url: gate.url } });
});
afterAll(async () => {
  await gate.shut();
  await gate.open();
  await server.close();
  await gate.shut();
  await database.drop();
});

async function newSession(): Promise<string> {
  const agent = await server.client().beta.agents.create({ name: "Ada", model: "alpha" });
  const answer = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
  return (answer.body as { id: string }).id;
}

test("a change is answered 503 with Retry-After, a read waits for a short absence", async () => {
  const session = await newSession();
  await gate.shut();
  const refused = await server.call("POST", "/v1/agents", { body: { name: "x", model: "alpha" } });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.body).toMatchObject({
    type: "error",
    error: { type: "api_error", message: expect.stringMatching(/database is away/) },
  });
  const reading = server.call("GET", `/v1/sessions/${session}`);
  const ready = await server.call("GET", "/readyz", { anonymous: true });
  expect(ready.body).toMatchObject({ parts: { database: { ok: false, state: "down" } } });
  expect((await server.call("GET", "/healthz", { anonymous: true })).status).toBe(200);
  await gate.open();
  expect((await reading).status).toBe(200);
});

test("with an Idempotency-Key a change waits, too, and is made once", async () => {
  await newSession();
  await gate.shut();
  const headers = { "idempotency-key": "while-away" };
  const changing = server.call("POST", "/v1/agents", { body: { name: "Kept", model: "alpha" }, headers });
  const pause = new Promise((resolve) => setTimeout(resolve, 300));
  await pause;
  await gate.open();
  const answer = await changing;
  expect(answer.status).toBe(200);
  const again = await server.call("POST", "/v1/agents", { body: { name: "Kept", model: "alpha" }, headers });
  expect(again.body).toEqual(answer.body);
});

test("under load, with the database going away again and again, every acknowledged event is kept and streamed once", async () => {
  const session = await newSession();
  const reader = readStream({ url: server.url, apiKey: server.apiKey, sessionId: session, after: 0 });
  await reader.opened;
  const acknowledged: string[] = [];
  let refused = 0;
  let stop = false;
  const sender = async (name: number) => {
    for (let index = 0; !stop; index++) {
      const text = `${name}-${index}`;
      const body = { events: [{ type: "user.message", content: [{ type: "text", text }] }] };
      const answer = await server.call("POST", `/v1/sessions/${session}/events`, {
        body,
        headers: { "idempotency-key": text },
      });
      if (answer.status === 200) acknowledged.push(text);
      else {
        expect(answer.status).toBe(503);
        refused++;
      }
    }
  };
  const senders = Array.from({ length: 6 }, (_, index) => sender(index));
  for (let round = 0; round < 4; round++) {
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 30);
    await gate.shut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await gate.open();
  }
  const before = acknowledged.length;
  await until(() => acknowledged.length > before + 30);
  stop = true;
  await Promise.all(senders);
  const stored: string[] = [];
  for await (const event of server.client().beta.sessions.events.list(session, { limit: 100 }))
    if (event.type === "user.message" && event.content[0]?.type === "text") stored.push(event.content[0].text);
  expect(new Set(stored).size).toBe(stored.length);
  for (const text of acknowledged) expect(stored).toContain(text);
  await until(() => reader.frames.length >= stored.length);
  expect(reader.frames.map((frame) => frame.id)).toEqual(stored.map((_, index) => index + 1));
  console.log(`database away: ${acknowledged.length} acknowledged, ${refused} refused, ${stored.length} stored`);
  reader.cut();
});
