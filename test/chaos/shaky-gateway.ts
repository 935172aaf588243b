// A way to the model provider that delays, cuts and refuses: TCP between the workers and the scripted provider.
import { connect, createServer, type Socket } from "node:net";

export type ShakyGateway = {
  readonly url: string;
  /** Cuts every connection; new ones are refused until `mend`. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
};

/** New connections wait up to `maxDelayMs` before they reach `targetUrl`. */
export async function startShakyGateway(options: {
  targetUrl: string;
  maxDelayMs: number;
  random: () => number;
}): Promise<ShakyGateway> {
  const target = new URL(options.targetUrl);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((inner) => {
    open.add(inner);
    inner.on("close", () => open.delete(inner));
    inner.on("error", () => inner.destroy());
    if (isCut) return void inner.resetAndDestroy();
    setTimeout(() => join(inner), options.random() * options.maxDelayMs);
  });
  const join = (inner: Socket) => {
    if (inner.destroyed) return;
    const outer = connect(Number(target.port), target.hostname);
    open.add(outer);
    outer.on("close", () => {
      open.delete(outer);
      inner.destroy();
    });
    outer.on("error", () => outer.destroy());
    inner.on("close", () => outer.destroy());
    inner.pipe(outer).pipe(inner);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut() {
      isCut = true;
      for (const socket of open) socket.resetAndDestroy();
    },
    mend() {
      isCut = false;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
