// A port for a server that another process opens in a moment.
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that a system gives by itself (Linux: from 32768 on): of these any connection may take one in between. */
const FIRST = 20_000;
const END = 32_000;
const ATTEMPTS = 100;
const given = new Set<number>();

/** On 127.0.0.1; never the same twice in a process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, END);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`none of ${ATTEMPTS} ports from ${FIRST} to ${END} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    // Somebody has it.
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
