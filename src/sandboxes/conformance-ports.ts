// What every sandbox backend's ports must do: a part of conformance.ts.
import { once } from "node:events";
import { createServer } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Sandbox } from "./sandbox.ts";

type WithSandbox = (use: (sandbox: Sandbox, name: string) => Promise<void>) => Promise<void>;

export function describePorts(name: string, withSandbox: WithSandbox): void {
  describe(`sandbox backend ${name}: ports`, () => {
    it("connects to what listens on its loopback, in both families, and lists it", () =>
      withSandbox(async (sandbox) => {
        await serve(sandbox, 5173, "127.0.0.1", "s.pipe(s)");
        await serve(sandbox, 5174, "::1", "s.pipe(s)");
        await serve(sandbox, 5175, "0.0.0.0", 's.end("bye")');
        for (const port of [5173, 5174]) {
          const connection = await sandbox.connectPort(port);
          connection.write(`hello ${port}`);
          const [answer] = await once(connection, "data");
          expect(String(answer)).toBe(`hello ${port}`);
          connection.destroy();
        }
        expect(await read(await sandbox.connectPort(5175))).toBe("bye");
        expect(await sandbox.listPorts()).toEqual(
          [5173, 5174, 5175].map((port) => ({ port, program: expect.stringMatching(/node|MainThread/) })),
        );
      }));

    it("says where nothing listens, and what is no port", () =>
      withSandbox(async (sandbox) => {
        expect(await sandbox.listPorts()).toEqual([]);
        await expect(sandbox.connectPort(5173)).rejects.toMatchObject({ code: "not_found" });
        for (const port of [0, 65_536, -1, 1.5, Number.NaN])
          await expect(sandbox.connectPort(port), String(port)).rejects.toMatchObject({ code: "invalid_request" });
      }));

    it("reaches no port of the machine that it runs on", () =>
      withSandbox(async (sandbox) => {
        const ours = createServer((socket) => socket.end("the machine's own")).listen(0, "127.0.0.1");
        await once(ours, "listening");
        const address = ours.address();
        const port = typeof address === "object" && address ? address.port : 0;
        await expect(sandbox.connectPort(port)).rejects.toMatchObject({ code: "not_found" });
        ours.close();
      }));

    it("holds back who sends faster than the other side reads, both ways, and loses nothing", () =>
      withSandbox(async (sandbox) => {
        await serve(
          sandbox,
          6001,
          "127.0.0.1",
          'let n = 0; s.on("error", () => {}); (function more() { while (n < 400 && s.write(Buffer.alloc(1 << 18))) n++; if (n < 400) s.once("drain", () => { n++; more(); }); else s.end(); })()',
        );
        const flood = await sandbox.connectPort(6001);
        const before = process.memoryUsage().rss;
        await sleep(500);
        expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(60);
        let bytes = 0;
        for await (const piece of flood as AsyncIterable<Buffer>) bytes += piece.length;
        expect(bytes).toBe(400 * 2 ** 18);

        await serve(
          sandbox,
          6002,
          "127.0.0.1",
          's.pause(); setTimeout(() => s.resume(), 500); let n = 0; s.on("data", (b) => { n += b.length; if (n === 40 << 20) s.end(String(n)); })',
        );
        const upload = await sandbox.connectPort(6002);
        let heldBack = 0;
        for (let sent = 0; sent < 40; sent++)
          if (!upload.write(Buffer.alloc(1 << 20))) {
            heldBack += 1;
            await once(upload, "drain");
          }
        expect(heldBack).toBeGreaterThan(0);
        expect(await read(upload)).toBe(String(40 << 20));
      }));

    it("ends its connections with it", () =>
      withSandbox(async (sandbox) => {
        await serve(sandbox, 5173, "127.0.0.1", 's.write("hi")');
        const connection = await sandbox.connectPort(5173);
        await once(connection, "data");
        const closed = once(connection, "close");
        connection.resume();
        await sandbox.end();
        await closed;
        await expect(sandbox.connectPort(5173)).rejects.toMatchObject({ code: "sandbox_gone" });
      }));
  });
}

/** Starts a server in the sandbox; `handler` sees each connection as `s`. Resolves when it listens. */
async function serve(sandbox: Sandbox, port: number, host: string, handler: string): Promise<void> {
  const script = `require("net").createServer({ allowHalfOpen: false }, (s) => { ${handler} }).listen(${port}, "${host}")`;
  const path = `serve-${port}.js`;
  await sandbox.writeFile(path, Buffer.from(script));
  const command = `node ${path} >/dev/null 2>&1 &`;
  const result = await sandbox.runOperation(`serve-${port}`, { kind: "bash", command });
  expect(result.outcome).toBe("ok");
  await until(async () => (await sandbox.listPorts()).some((one) => one.port === port));
}

async function read(connection: Duplex): Promise<string> {
  let text = "";
  for await (const piece of connection as AsyncIterable<Buffer>) text += piece.toString("latin1");
  return text;
}
