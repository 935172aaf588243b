// Takes sandboxd's word for which sandboxes there are. Only who runs Berth can open its socket.
import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Broker } from "./broker.ts";
import { type LinkAnswer, linkRequest, type PackageSetting } from "./link-protocol.ts";

export type LinkServer = { close(): void };

export async function startLinkServer(options: {
  socketPath: string;
  broker: Broker;
  logger: Logger;
  /** What installations are to be set to; asked when the broker has opened for one. */
  packageSettings?: () => PackageSetting[];
}): Promise<LinkServer> {
  const { broker, logger, packageSettings = () => [] } = options;
  const sockets = new Set<Socket>();
  /** Which connection a listener belongs to: one that asks for it anew takes it over. */
  const owners = new Map<string, Socket>();

  async function take(socket: Socket, line: string): Promise<void> {
    const request = linkRequest.parse(JSON.parse(line));
    if ("close" in request) {
      owners.delete(request.close.id);
      return broker.close(request.close.id);
    }
    const { id, ...listener } = request.open;
    owners.set(id, socket);
    const answer: LinkAnswer = await broker.open(id, listener).then(
      (certificate) => ({
        opened: { id, certificate, ...(listener.installsFor && { packageSettings: packageSettings() }) },
      }),
      (error: unknown) => ({ failed: { id, message: messageOf(error) } }),
    );
    if (owners.get(id) !== socket) return;
    socket.write(`${JSON.stringify(answer)}\n`);
  }

  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", (error) => logger.debug({ err: error }, "sandboxd's connection broke"));
    const lines = createInterface({ input: socket });
    // The connection's own failure comes here too; it is told above.
    lines.on("error", () => undefined);
    lines.on("line", (line) => {
      take(socket, line).catch((error: unknown) => {
        logger.error({ err: error }, "sandboxd asked for what is not known here");
        socket.destroy();
      });
    });
    socket.once("close", () => {
      sockets.delete(socket);
      // Its sandboxes end with it, or it asks for them anew.
      for (const [id, owner] of owners) {
        if (owner !== socket) continue;
        owners.delete(id);
        void broker.close(id);
      }
    });
  });
  mkdirSync(dirname(options.socketPath), { recursive: true, mode: 0o700 });
  rmSync(options.socketPath, { force: true });
  server.listen(options.socketPath);
  await once(server, "listening");
  chmodSync(options.socketPath, 0o600);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
