import { once } from "node:events";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { pipeTogether } from "./pipe-together.ts";

let server: Server | null = null;

afterEach(() => server?.close());

describe("a body that is piped together", () => {
  it("is whole in a chunked answer whose last piece comes in one turn with its end", async () => {
    const pieces = Array.from({ length: 4 }, (_, index) => Buffer.alloc(16 * 1024, index));
    server = createServer((_request, response) => {
      response.writeHead(200, { connection: "close" });
      response.flushHeaders();
      const body = new Readable({ read: () => undefined });
      pipeTogether(body, response);
      for (const piece of pieces) body.push(piece);
      body.push(null);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ host: "127.0.0.1", port }), "response")) as [IncomingMessage];
    const received: Buffer[] = [];
    for await (const piece of answer) received.push(piece as Buffer);
    expect(Buffer.concat(received).equals(Buffer.concat(pieces))).toBe(true);
  });
});
