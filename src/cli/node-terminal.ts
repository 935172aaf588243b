// The terminal of this process.
import { createInterface } from "node:readline";
import type { ReadStream } from "node:tty";
import { createPaint, type Terminal } from "./terminal.ts";

type Streams = {
  stdin: NodeJS.ReadStream | ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
};

export function createNodeTerminal({ stdin, stdout, stderr }: Streams, options: { noColour: boolean }): Terminal {
  const handlers = new Set<() => void>();
  const interrupt = () => {
    for (const handler of [...handlers]) handler();
  };
  const readAll = async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  };
  return {
    out: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text),
    live: stdout.isTTY === true,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    get columns() {
      return stdout.isTTY ? stdout.columns || 80 : 100;
    },
    get rows() {
      return stdout.isTTY ? stdout.rows || 24 : 24;
    },
    write: (bytes, to) => void (to === "err" ? stderr : stdout).write(bytes),
    paint: createPaint(stdout.isTTY === true && stderr.isTTY === true && !options.noColour),
    ask(question, signal) {
      const lines = createInterface({ input: stdin, output: stderr });
      // readline takes Ctrl-C for itself while it reads.
      lines.on("SIGINT", interrupt);
      return new Promise((resolve) => {
        const withdraw = () => lines.close();
        lines.once("close", () => {
          signal.removeEventListener("abort", withdraw);
          resolve(null);
        });
        lines.question(question, (answer) => {
          resolve(answer);
          lines.close();
        });
        if (signal.aborted) withdraw();
        else signal.addEventListener("abort", withdraw, { once: true });
      });
    },
    readInput: async () => (await readAll()).toString("utf8"),
    readBytes: async () => new Uint8Array(await readAll()),
    onInput(handler, onEnd) {
      const take = (chunk: Buffer) => handler(new Uint8Array(chunk));
      stdin.on("data", take);
      stdin.once("end", onEnd);
      stdin.resume();
      return () => {
        stdin.off("data", take);
        stdin.off("end", onEnd);
        // Nobody waits for more.
        stdin.pause();
        stdin.unref?.();
      };
    },
    raw() {
      const leave = () => void ("setRawMode" in stdin && stdin.setRawMode(false));
      if ("setRawMode" in stdin) stdin.setRawMode(true);
      // Whatever ends this process, the terminal of the person must work again.
      process.once("exit", leave);
      return () => {
        process.off("exit", leave);
        leave();
      };
    },
    onResize(handler) {
      stdout.on("resize", handler);
      return () => void stdout.off("resize", handler);
    },
    onInterrupt(handler) {
      handlers.add(handler);
      if (handlers.size === 1) process.on("SIGINT", interrupt);
      return () => {
        handlers.delete(handler);
        if (handlers.size === 0) process.off("SIGINT", interrupt);
      };
    },
  };
}
