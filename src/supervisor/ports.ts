// Whether a port is free, and who has it when it is not.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { findProcess } from "../lib/processes.ts";
import { StartFailure } from "./start-failure.ts";

/** null when it can be listened on; otherwise the error code, such as EADDRINUSE or EACCES. */
function whyNotListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** The process that listens on a TCP port, where the system tells (Linux, own processes or as root). */
function whoListens(port: number): { pid: number; command: string } | null {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listeningInodes(readOrEmpty(path), port)),
  );
  if (inodes.size === 0) return null;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    if (socketsOf(pid).some((inode) => inodes.has(inode))) return { pid, command: findProcess(pid)?.command ?? "" };
  }
  return null;
}

/** Pure: inodes of listening sockets of one port in the format of /proc/net/tcp. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const LISTEN = "0A";
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === LISTEN)
    .map((fields) => fields[9] ?? "");
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOrEmpty(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    );
  } catch {
    return []; // Gone, or not ours to look at.
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed meanwhile.
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not Linux, or no IPv6.
  }
}

/** Throws `StartFailure` when the port cannot be listened on, naming who has it where the system tells. */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const code = await whyNotListen(host, port);
  if (code === null) return;
  const who = code === "EADDRINUSE" ? whoListens(port) : null;
  const reasons: Record<string, string> = {
    EADDRINUSE: who
      ? `Process ${who.pid} listens on it: ${who.command.slice(0, 120)}`
      : "Another program listens on it.",
    EACCES: "Ports below 1024 need special rights on this system.",
    EADDRNOTAVAIL: `This machine has no address ${host}.`,
    ENOTFOUND: `The name ${host} has no address.`,
  };
  throw new StartFailure(`Port ${port} on ${host} cannot be used.`, {
    why: reasons[code] ?? code,
    remedy: "End that program, or choose another port: PORT=3001 npm start",
  });
}
