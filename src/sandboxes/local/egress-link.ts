// Tells the egress broker which sandboxes run, and puts what their programs are to trust where they find it.
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type InstallsFor, type LinkRequest, linkAnswer, type PackageSetting } from "../../egress/link-protocol.ts";
import { messageOf } from "../../lib/errors.ts";
import { createEgressPlaces } from "./egress-places.ts";
import type { FleetLog } from "./fleet.ts";

const AGAIN_MS = 250;
/** It starts after the database does, and is started again when it ends: nobody has to be told of that. */
const TELL_AFTER_MS = 30_000;
/** A broker that does not answer in this time holds no sandbox up: it is without a network until it does. */
const ANSWER_MS = 2_000;
/** An installation is nothing without it: it waits until the broker has started and knows where packages come from. */
const ANSWER_TO_INSTALL_MS = 90_000;

/** `packageSettings`: of who installs; empty for others. */
export type EgressOpened = { packageSettings: readonly PackageSetting[] };

export type EgressLink = {
  /** Null when the sandbox's listener is not there, and is not going to be soon. */
  open(id: string, identity: string, installsFor?: InstallsFor): Promise<EgressOpened | null>;
  close(id: string): void;
  end(): void;
};

/** `directory`: as `createEgressPlaces` has it. */
export function createEgressLink(options: { socketPath: string; directory: string; log: FleetLog }): EgressLink {
  const { socketPath, log } = options;
  const places = createEgressPlaces(options);
  const wanted = new Map<
    string,
    { identity: string; installsFor: InstallsFor | undefined; answered: (opened: EgressOpened | null) => void }
  >();
  let socket: Socket | null = null;
  let ended = false;
  let told = false;
  let awaySince = Date.now();

  const openRequest = (id: string, identity: string, installsFor: InstallsFor | undefined): LinkRequest => ({
    open: { id, identity, socketPath: places.socketPath(id), ...(installsFor && { installsFor }) },
  });

  function send(request: LinkRequest): void {
    socket?.write(`${JSON.stringify(request)}\n`);
  }

  function connect(): void {
    if (ended) return;
    const connection = createConnection(socketPath);
    connection.once("connect", () => {
      try {
        places.admit(socketPath);
      } catch (error) {
        log("the egress broker cannot be let in to listen for sandboxes", { reason: messageOf(error) });
        return void connection.destroy();
      }
      socket = connection;
      if (told) log("the egress broker is back", {});
      told = false;
      for (const [id, { identity, installsFor }] of wanted) send(openRequest(id, identity, installsFor));
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
      wanted.get(id)?.answered(null);
      return;
    }
    const { id, certificate, packageSettings = [] } = answer.opened;
    const one = wanted.get(id);
    if (!one) return;
    places.writeCertificate(id, certificate);
    one.answered({ packageSettings });
  }

  connect();
  return {
    async open(id, identity, installsFor) {
      places.make(id);
      const { promise, resolve } = Promise.withResolvers<EgressOpened | null>();
      wanted.set(id, { identity, installsFor, answered: resolve });
      if (!socket && !installsFor) return null;
      send(openRequest(id, identity, installsFor));
      const late = setTimeout(resolve, installsFor ? ANSWER_TO_INSTALL_MS : ANSWER_MS, null);
      const opened = await promise;
      clearTimeout(late);
      return opened;
    },
    close(id) {
      wanted.get(id)?.answered(null);
      if (!wanted.delete(id)) return;
      send({ close: { id } });
      places.remove(id);
    },
    end() {
      ended = true;
      socket?.destroy();
      places.removeAll();
    },
  };
}
