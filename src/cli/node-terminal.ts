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
  return {
    out: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text),
    live: stdout.isTTY === true,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    columns: stdout.isTTY ? stdout.columns || 80 : 100,
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
    async readInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString("utf8");
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
