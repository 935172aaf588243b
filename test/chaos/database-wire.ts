// A way to the database that can fall silent: connections stay open, and nothing comes through, as when a cable is pulled. It can be slow, too.
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { findEmbeddedPostgresUrl } from "../../src/db/embedded/embedded-postgres.ts";

export type DatabaseWire = {
  /** The database's address through the wire; null while the database is not there. */
  url(): string | null;
  silence(): void;
  /** Each piece, in either direction, takes so long, one after the other on a connection. */
  slow(delayMs: number): void;
  mend(): void;
  stop(): Promise<void>;
};

export async function startDatabaseWire(dataDir: string): Promise<DatabaseWire> {
  const open = new Set<Socket>();
  let silent = false;
  let delayMs = 0;
  const through = () =>
    new Transform({
      transform(piece: Buffer, _encoding, done) {
        if (delayMs === 0) done(null, piece);
        else setTimeout(() => done(null, piece), delayMs);
      },
    });
  const server = createServer((inner) => {
    const target = findEmbeddedPostgresUrl(dataDir);
    if (!target) return void inner.destroy();
    const { port, hostname } = new URL(target);
    const outer = connect(Number(port), hostname);
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(one);
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.on("error", () => one.destroy());
    }
    inner.pipe(through()).pipe(outer);
    outer.pipe(through()).pipe(inner);
    if (silent) hold(inner, outer);
  });
  const hold = (...sockets: Socket[]) => {
    for (const socket of sockets) socket.pause();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url() {
      const target = findEmbeddedPostgresUrl(dataDir);
      if (!target) return null;
      const url = new URL(target);
      url.port = String(address.port);
      return url.href;
    },
    silence() {
      silent = true;
      hold(...open);
    },
    slow(ms) {
      delayMs = ms;
    },
    mend() {
      silent = false;
      delayMs = 0;
      for (const socket of open) socket.resume();
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
