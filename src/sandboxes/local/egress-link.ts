// Tells the egress broker which sandboxes run, and puts what their programs are to trust where they find it.
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type LinkRequest, linkAnswer } from "../../egress/link-protocol.ts";
import { messageOf } from "../../lib/errors.ts";
import { BROKER_SOCKET, CERTIFICATES_FILE } from "../../runner/protocol.ts";
import type { FleetLog } from "./fleet.ts";

const AGAIN_MS = 250;
/** It starts after the database does, and is started again when it ends: nobody has to be told of that. */
const TELL_AFTER_MS = 30_000;
/** A broker that does not answer in this time holds no sandbox up: it is without a network until it does. */
const ANSWER_MS = 2_000;

export type EgressLink = {
  /** Resolves when the sandbox's listener is there, or when it is not going to be soon. */
  open(id: string, identity: string): Promise<void>;
  close(id: string): void;
  end(): void;
};

/** `directory`: one below it for each sandbox, with the broker's socket and the certificate. */
export function createEgressLink(options: { socketPath: string; directory: string; log: FleetLog }): EgressLink {
  const { socketPath, directory, log } = options;
  const wanted = new Map<string, { identity: string; opened: () => void }>();
  let socket: Socket | null = null;
  let ended = false;
  let told = false;
  let awaySince = Date.now();

  mkdirSync(directory, { recursive: true });
  // Everybody may pass through and nobody look around: the names below are random.
  chmodSync(directory, 0o711);
  for (const left of readdirSync(directory)) rmSync(join(directory, left), { recursive: true, force: true });

  const openRequest = (id: string, identity: string): LinkRequest => ({
    open: { id, identity, socketPath: join(directory, id, BROKER_SOCKET) },
  });

  function send(request: LinkRequest): void {
    socket?.write(`${JSON.stringify(request)}\n`);
  }

  function connect(): void {
    if (ended) return;
    const connection = createConnection(socketPath);
    connection.once("connect", () => {
      socket = connection;
      if (told) log("the egress broker is back", {});
      told = false;
      for (const [id, { identity }] of wanted) send(openRequest(id, identity));
    });
    connection.once("error", (error) => {
      // Said once, and only where somebody waits for it.
      if (told || wanted.size === 0 || Date.now() - awaySince < TELL_AFTER_MS) return;
      told = true;
      log("the egress broker does not answer: sandboxes have no network until it does", { reason: error.message });
    });
    connection.once("close", () => {
      if (socket) awaySince = Date.now();
      socket = null;
      if (!ended) setTimeout(connect, AGAIN_MS);
    });
    const lines = createInterface({ input: connection });
    // The connection's own failure comes here too; it is told above.
    lines.on("error", () => undefined);
    lines.on("line", (line) => {
      try {
        takeAnswer(line);
      } catch (error) {
        log("the egress broker said what is not understood, or its certificate could not be written", {
          reason: messageOf(error),
        });
        connection.destroy();
      }
    });
  }

  function takeAnswer(line: string): void {
    const answer = linkAnswer.parse(JSON.parse(line));
    if ("failed" in answer) {
      const { id, message } = answer.failed;
      log("the egress broker does not listen for a sandbox: it has no network", { reason: message });
      wanted.get(id)?.opened();
      return;
    }
    const { id, certificate } = answer.opened;
    const one = wanted.get(id);
    if (!one) return;
    // By renaming, so that no program finds half of it.
    const file = join(directory, id, CERTIFICATES_FILE);
    writeFileSync(`${file}.new`, certificate, { mode: 0o644 });
    renameSync(`${file}.new`, file);
    one.opened();
  }

  connect();
  return {
    async open(id, identity) {
      mkdirSync(join(directory, id), { mode: 0o755 });
      const { promise, resolve } = Promise.withResolvers<void>();
      wanted.set(id, { identity, opened: resolve });
      if (!socket) return;
      send(openRequest(id, identity));
      const late = setTimeout(resolve, ANSWER_MS);
      await promise;
      clearTimeout(late);
    },
    close(id) {
      if (!wanted.delete(id)) return;
      send({ close: { id } });
      rmSync(join(directory, id), { recursive: true, force: true });
    },
    end() {
      ended = true;
      socket?.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
