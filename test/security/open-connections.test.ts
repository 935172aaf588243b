// What is open already when it stops being allowed (C22, C23): event streams and WebSockets of a sandbox, through the broker.
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type CredentialWorld, type Held, heldVariable, startCredentialWorld } from "../support/credential-world.ts";
import { type EgressWorld, LIMITED } from "../support/egress-world.ts";
import { until } from "../support/until.ts";

const GOING = "going.example.com";
const STAYING = "staying.example.com";
let started: CredentialWorld;
let world: EgressWorld;
const held: Held = { current: [] };

beforeAll(async () => {
  started = await startCredentialWorld([GOING, STAYING], { seen: [], held });
  ({ world } = started);
  started.upstream.server.removeAllListeners("request").on("request", (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: hello\n\n");
  });
  started.upstream.server.on("upgrade", (_request, socket: Duplex) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  });
});
beforeEach(() => {
  held.current = [];
  world.lines.splice(0);
  if (world.policy.current) world.policy.current.networking = LIMITED(GOING, STAYING);
});
afterAll(() => started?.close());

/** `token`: sent along. */
async function open(host: string, kind: "stream" | "socket", token = "none") {
  const socket = await world.tunnel(host);
  let said = "";
  socket.on("data", (piece: Buffer) => {
    said += piece.toString();
  });
  const upgrade = kind === "socket" ? "Connection: Upgrade\r\nUpgrade: websocket\r\n" : "";
  socket.write(`GET /${kind} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n${upgrade}\r\n`);
  await until(() => said.includes(kind === "socket" ? "HTTP/1.1 101" : "data: hello"));
  return {
    isOpen: () => !socket.closed,
    async echoes() {
      socket.write("still there");
      await until(() => said.endsWith("still there"));
    },
    close: () => socket.destroy(),
  };
}

/** What was closed by the test itself is written as it was allowed, or as left by its program. */
const ended = () => world.lines.filter(({ decision, rule }) => decision !== "allow" && rule !== "client_gone");

it("what is open to a host that is no longer allowed ends, and only that", async () => {
  const going = await Promise.all([open(GOING, "stream"), open(GOING, "socket")]);
  const staying = await open(STAYING, "socket");
  if (!world.policy.current) throw new Error("no policy");
  world.policy.current = { ...world.policy.current, networking: LIMITED(STAYING) };
  await until(() => going.every((one) => !one.isOpen()));
  await staying.echoes();
  await until(() => ended().length === 2);
  for (const line of ended()) expect(line).toMatchObject({ host: GOING, decision: "deny", rule: "host_not_allowed" });
  staying.close();
});

it("C22, C23: what was opened with a credential ends when that is gone, or for other hosts; another value ends nothing", async () => {
  const removed = heldVariable("REMOVED", "the-value-of-removed", { hosts: [GOING] });
  const moved = heldVariable("MOVED", "the-value-of-moved", { hosts: [GOING] });
  const rotated = heldVariable("ROTATED", "the-value-of-rotated", { hosts: [STAYING] });
  held.current = [removed, moved, rotated];
  const going = await Promise.all([
    open(GOING, "stream", removed.placeholder),
    open(GOING, "socket", removed.placeholder),
    open(GOING, "socket", moved.placeholder),
  ]);
  const staying = await Promise.all([
    open(STAYING, "socket", rotated.placeholder),
    // Nothing of a credential is in this one.
    open(GOING, "socket"),
  ]);
  const { auth } = heldVariable("MOVED", "the-value-of-moved", { hosts: [STAYING] });
  const { secrets } = heldVariable("ROTATED", "another-value-of-it", { hosts: [STAYING] });
  held.current = [
    { ...moved, auth },
    { ...rotated, secrets, version: 2 },
  ];
  await until(() => going.every((one) => !one.isOpen()));
  for (const one of staying) await one.echoes();
  await until(() => ended().length === 3);
  expect(
    ended()
      .map(({ rule, detail }) => `${rule} ${detail}`)
      .sort(),
  ).toEqual(["credential_problem MOVED", "credential_problem REMOVED", "credential_problem REMOVED"]);
  for (const one of staying) one.close();
});
