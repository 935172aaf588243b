// The baseline of the fan-out: a bare Node SSE server that writes each posted frame to every subscriber.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { endWithBench, say } from "./child.ts";

endWithBench();
const subscribers = new Set<ServerResponse>();
const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.flushHeaders();
    subscribers.add(response);
    response.on("close", () => subscribers.delete(response));
    return;
  }
  let frames = "";
  request.setEncoding("utf8");
  request.on("data", (piece: string) => {
    frames += piece;
  });
  request.on("end", () => {
    for (const subscriber of subscribers) subscriber.write(frames);
    response.writeHead(200, { "content-type": "application/json" });
    response.end("{}");
  });
});
server.listen(0, "127.0.0.1", () => {
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  say({ url: `http://127.0.0.1:${port}` });
});
