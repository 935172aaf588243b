// The egress broker alone, or its baseline: the plainest Node proxy that ends TLS and begins it anew, and checks nothing.
import { once } from "node:events";
import { Agent, createServer, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream";
import { createAuditQueue } from "../src/egress/audit-queue.ts";
import { createBroker } from "../src/egress/broker.ts";
import { createDialGuard } from "../src/egress/dial-guard.ts";
import { listOf } from "../src/egress/refused-addresses.ts";
import { createLogger } from "../src/lib/logger.ts";
import { makeCertificate } from "../test/support/make-certificate.ts";
import { NO_CEILINGS } from "../test/support/no-ceilings.ts";
import { endWithBench, readOptions, say } from "./child.ts";

export type CarrierOptions = {
  kind: "broker" | "plain";
  host: string;
  port: number;
  cert: string;
  socketPath: string;
  /** More listeners of the broker that nobody uses. */
  idle: number;
};

const options = readOptions<CarrierOptions>();
const { kind, host, port, cert, socketPath } = options;
endWithBench();
if (kind === "plain") say({ ca: await startPlain() });
else say({ ca: await startBroker() });

async function startPlain(): Promise<string> {
  const own = await makeCertificate(host);
  const agent = new Agent({ keepAlive: true, maxSockets: 128, ca: cert });
  const server = createServer({ cert: own.cert, key: own.key }, (request, response) => {
    const { method = "GET", url = "/", rawHeaders } = request;
    const upstream = httpsRequest(
      { host: "127.0.0.1", port, servername: host, method, path: url, headers: rawHeaders, agent },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        response.flushHeaders();
        pipeline(answer, response, () => undefined);
      },
    );
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });
  server.listen(socketPath);
  await once(server, "listening");
  return own.cert;
}

async function startBroker(): Promise<string> {
  const logger = createLogger("egress", { level: "silent", pretty: false });
  const networking = {
    type: "limited" as const,
    ...{ allow_mcp_servers: false, allow_package_managers: true, allowed_hosts: ["*.elsewhere.example", host] },
  };
  const broker = createBroker({
    readCeilings: async () => NO_CEILINGS,
    readPolicy: async () => ({ teamId: "team_1", sessionId: "sesn_1", networking, ...NO_CEILINGS }),
    trusted: [cert],
    guard: createDialGuard({ namedHosts: [{ host, address: "127.0.0.1", port }], refusedRanges: listOf([]) }),
    packageHosts: [],
    applyCredentials: null,
    audit: createAuditQueue({ write: async () => undefined, logger }),
    logger,
    now: Date.now,
  });
  const ca = await broker.open("0".repeat(12), { identity: "one", socketPath });
  process.on("message", async () => {
    for (let index = 1; index <= options.idle; index++) {
      const id = index.toString(16).padStart(12, "0");
      await broker.open(id, { identity: id, socketPath: `${socketPath}${index}` });
    }
    say({ opened: options.idle });
  });
  return ca;
}
