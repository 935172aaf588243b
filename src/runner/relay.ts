// The way out of a sandbox: names lead here, and whatever is connected to goes to the egress broker, byte by byte. It decides nothing.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { pipeline } from "node:stream";
import { answerName } from "./name-answer.ts";

const NAMES_PORT = 53;
/** For programs that were told of a proxy. */
export const PROXY_PORT = 3128;
const PORTS = [80, 443, PROXY_PORT];

/** Resolves when everything listens. */
export async function startRelay({ address, brokerSocket }: { address: string; brokerSocket: string }): Promise<void> {
  const names = createSocket("udp4");
  names.on("message", (message, from) => {
    const answer = answerName(message, address);
    if (answer) names.send(answer, from.port, from.address);
  });
  names.bind(NAMES_PORT, address);
  const servers = PORTS.map((port) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const broker = createConnection({ path: brokerSocket, allowHalfOpen: true });
      // Without a broker there is no way: either end's failure is the end of both.
      pipeline(client, broker, (error) => error && client.destroy());
      pipeline(broker, client, (error) => error && broker.destroy());
    });
    server.listen(port, address);
    return server;
  });
  await Promise.all([once(names, "listening"), ...servers.map((server) => once(server, "listening"))]);
}
