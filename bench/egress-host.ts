// The host that the egress broker and its baseline carry requests to: small answers, large ones, and events.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeCertificate } from "../test/support/make-certificate.ts";
import { endWithBench, monotonicMs, readOptions, say } from "./child.ts";

const { host } = readOptions<{ host: string }>();
endWithBench();
const piece = Buffer.alloc(256 * 1024, "x");
const { cert, key } = await makeCertificate(host);
const server = createServer({ cert, key }, (request, response) => {
  const [, what, amount] = (request.url ?? "").split("/");
  if (what === "bytes") {
    let left = Number(amount);
    response.writeHead(200, { "content-length": left });
    const write = () => {
      while (left > 0) {
        const next = piece.subarray(0, Math.min(left, piece.length));
        left -= next.length;
        if (!response.write(next)) return void response.once("drain", write);
      }
      response.end();
    };
    return write();
  }
  if (what === "events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    // After its headers are there, so that only the event is measured.
    const timer = setInterval(() => response.write(`data: ${monotonicMs()}\n\n`), 20);
    response.once("close", () => clearInterval(timer));
    return;
  }
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => {
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  say({ port, cert });
});
