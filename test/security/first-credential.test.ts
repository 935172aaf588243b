// What is open when a credential takes effect (C6, C22): a host may give back on it what came with a later request.
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type CredentialWorld, type Held, heldVariable, startCredentialWorld } from "../support/credential-world.ts";
import type { EgressWorld } from "../support/egress-world.ts";
import { until } from "../support/until.ts";

const HOST = "api.example.com";
const FIRST = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const FURTHER = "ghp_99C7e42F292c6912E7710c838347Ae178B4a";
const HELLO = "data: hello\n\n";
let started: CredentialWorld;
let world: EgressWorld;
const held: Held = { current: [] };
/** The host's ends of what is open. */
const streams = new Map<string, ServerResponse>();
const sockets = new Set<Duplex>();

beforeAll(async () => {
  started = await startCredentialWorld([HOST], { seen: [], held });
  ({ world } = started);
  started.upstream.server.removeAllListeners("request").on("request", ({ url = "", headers }, response) => {
    if (url === "/ask") {
      const [, token] = headers.authorization?.split(" ") ?? [];
      for (const stream of streams.values()) if (stream.headersSent) stream.write(`you are ${token}.`);
      for (const socket of sockets) socket.write(`you are ${token}.`);
      return void response.end(token);
    }
    streams.set(url, response);
    if (url === "/waiting") return;
    if (url === "/short") response.setHeader("content-length", `${HELLO}you are ${FURTHER}.`.length);
    if (url === "/trailers") response.setHeader("trailer", "x-token");
    response.writeHead(200, { "content-type": "text/event-stream" }).write(HELLO);
  });
  started.upstream.server.on("upgrade", (_request, socket: Duplex) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${HELLO}`);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
});
beforeEach(() => {
  held.current = [];
  streams.clear();
  world.lines.splice(0);
});
afterAll(() => started?.close());

const credentialOf = (value: string) => heldVariable(`NAME_${value.slice(4, 6)}`, value, { hosts: [HOST] });

async function open(path: string) {
  const socket = await world.tunnel(HOST);
  let said = "";
  socket.on("data", (piece: Buffer) => {
    said += piece.toString();
  });
  const more = path === "/socket" ? "Connection: Upgrade\r\nUpgrade: websocket\r\n" : "";
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${more}\r\n`);
  await until(() => streams.has(path) || said.includes(HELLO));
  return { isOpen: () => !socket.closed, said: () => said, close: () => socket.destroy() };
}
const ask = ({ placeholder }: { placeholder: string }) =>
  world.request(HOST, { path: "/ask", headers: { authorization: `Bearer ${placeholder}` } });
const ended = () => world.lines.filter(({ rule }) => rule === "credential_new");

it("C6, C22: what was open before the session's first credential has ended when that goes out", async () => {
  const before = await Promise.all(["/stream", "/socket", "/waiting"].map(open));
  await until(() => before.filter((one) => one.said().includes("hello")).length === 2);
  const first = credentialOf(FIRST);
  held.current = [first];
  expect((await ask(first)).body).toBe(first.placeholder);
  await until(() => before.every((one) => !one.isOpen()));
  for (const one of before) expect(one.said()).not.toMatch(/you are/);
  // Of what has not begun there can be an answer that says why.
  expect(before[2]?.said()).toMatch(/^HTTP\/1.1 502 .*credential_new/s);
  await until(() => ended().length === 3);
  for (const line of ended()) expect(line).toMatchObject({ decision: "error", suspicious: false, credentials: [] });

  streams.clear();
  const again = await Promise.all(["/stream", "/socket"].map(open));
  await ask(first);
  await until(() => again.every((one) => one.said().includes("you are")));
  for (const one of again) {
    expect(one.said()).not.toContain(FIRST);
    one.close();
  }
  expect(ended()).toHaveLength(3);
});

it("C6, C22: it ends as well when nothing else is asked, since the first credential may go out elsewhere", async () => {
  const before = await Promise.all(["/stream", "/socket"].map(open));
  held.current = [credentialOf(FIRST)];
  await until(() => before.every((one) => !one.isOpen()));
  expect((await open("/stream")).isOpen()).toBe(true);
});

it("C6, C22: a further credential ends nothing, and is taken out of what is open, also when nothing else is asked", async () => {
  const first = credentialOf(FIRST);
  held.current = [first];
  const before = await Promise.all(["/stream", "/socket"].map(open));
  const further = credentialOf(FURTHER);
  held.current = [first, further];
  // As it would be if another session had brought it to the host.
  await until(() => {
    streams.get("/stream")?.write(`you are ${FURTHER}.`);
    for (const socket of sockets) socket.write(`you are ${FURTHER}.`);
    return before.every((one) => one.said().includes(further.placeholder.slice(0, FURTHER.length)));
  });
  expect(before.map((one) => one.isOpen())).toEqual([true, true]);
  for (const one of before) one.close();
});

it("C6, C8: a further credential is taken out of the end of a short answer and of trailers that come later", async () => {
  const first = credentialOf(FIRST);
  held.current = [first];
  const [short, withTrailers] = await Promise.all(["/short", "/trailers"].map(open));
  await until(() => withTrailers?.said().includes("hello") === true);
  const further = credentialOf(FURTHER);
  held.current = [first, further];
  await ask(further);
  streams.get("/short")?.end();
  streams.get("/trailers")?.addTrailers({ "x-token": FURTHER });
  streams.get("/trailers")?.end();
  await until(() => short?.said().includes("you are") === true && withTrailers?.said().includes("x-token") === true);
  for (const one of [short, withTrailers]) {
    expect(one?.said()).not.toContain(FURTHER);
    one?.close();
  }
  expect(withTrailers?.said()).toContain(further.placeholder);
});
