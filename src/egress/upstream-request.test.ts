import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { createDialGuard } from "./dial-guard.ts";
import { listOf } from "./refused-addresses.ts";
import { beginHttp1 } from "./upstream-request.ts";

const HOST = "api.example.com";

it("leaves nothing of a request behind at a connection that is kept for the next one", async () => {
  const server = createServer((_, response) => response.end("here"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const guard = createDialGuard({
    namedHosts: [{ host: HOST, address: "127.0.0.1", port }],
    refusedRanges: listOf([]),
  });
  const [plain, ours] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
  const plan = { scheme: "http" as const, host: HOST, method: "GET", path: "/", headers: [] };
  /** Who waits for what at the connection, once it is kept. */
  const listenersAfter = async (asking: ReturnType<typeof plainRequest>) => {
    asking.end();
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    const { socket } = answer;
    answer.resume();
    await once(socket, "free");
    return Object.fromEntries(["connect", "close"].map((name) => [name, socket.listenerCount(name)]));
  };
  try {
    const wanted = await listenersAfter(plainRequest({ host: "127.0.0.1", port, agent: plain }));
    const by = { guard: { ...guard, plainPortOf: () => port }, agent: new SecureAgent(), plainAgent: ours };
    expect(await listenersAfter(beginHttp1(plan, by))).toEqual(wanted);
  } finally {
    for (const agent of [plain, ours]) agent.destroy();
    server.close();
  }
});
