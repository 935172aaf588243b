// `berth cp`: files and directories between this machine and a session's sandbox.
import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { ApiError } from "../../client/api-error.ts";
import type { BerthClient } from "../../client/berth.ts";
import type { FileEntry } from "../../contract/files.ts";
import { visibleOutput } from "../../lib/visible-text.ts";
import { CliFailure } from "../exit-codes.ts";
import type { ServerFlags } from "../find-server.ts";
import type { Terminal } from "../terminal.ts";
import type { CommandContext } from "./context.ts";

/** A directory lists no more. */
const MAX_LISTED = 10_000;

type Place = { sessionId: string; path: string };

export function addCp(program: Command, { terminal, connect }: CommandContext): void {
  program
    .command("cp")
    .summary("copy files between here and a session's sandbox")
    .description(
      "Copies a file, or a directory with all that is in it. In the sandbox paths are relative to /workspace; /home/agent can be reached too. - is stdin or stdout.",
    )
    .argument("<from>", "a path here, or <session>:<path>")
    .argument("<to>", "the other one")
    .addHelpText(
      "after",
      "\nExamples:\n  berth cp sesn_…:report.pdf .\n  berth cp ./data sesn_…:data\n  berth cp sesn_…:log.txt - | tail\n  pg_dump app | berth cp - sesn_…:dump.sql",
    )
    .action(async (from: string, to: string, _options: object, command: Command) => {
      const source = parsePlace(from);
      const target = parsePlace(to);
      if ((source === null) === (target === null))
        throw new CliFailure("One of the two has to be in a sandbox, written <session>:<path>.");
      const { client } = connect(command.optsWithGlobals<ServerFlags>());
      if (source) await download({ client, terminal, source, to });
      else if (target) await upload({ client, terminal, from, target });
    });
}

/** `sesn_1:a/b`; null for a path of this machine. */
export function parsePlace(text: string): Place | null {
  const [, sessionId = "", path = ""] = /^(sesn_\w+):(.*)$/s.exec(text) ?? [];
  return sessionId === "" ? null : { sessionId, path: path === "" ? "/workspace" : path };
}

type Download = { client: BerthClient; terminal: Terminal; source: Place; to: string };

async function download({ client, terminal, source, to }: Download): Promise<void> {
  const { sessionId, path } = source;
  const entries = await listIfDirectory(client, source);
  if (entries) {
    if (to === "-") throw new CliFailure(`${path} is a directory; stdout takes one file.`);
    const target = (await isDirectory(to)) && path !== "/workspace" ? join(to, nameOf(path)) : to;
    return downloadDirectory({ client, terminal, source, to: target, entries });
  }
  const { body } = await client.files.read(sessionId, path);
  const bytes = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  if (to === "-") {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) terminal.write(chunk, "out");
    return;
  }
  await pipeline(bytes, createWriteStream((await isDirectory(to)) ? join(to, nameOf(path)) : to));
}

async function downloadDirectory(options: Download & { entries: readonly FileEntry[] }): Promise<void> {
  const { client, terminal, source, to, entries } = options;
  await mkdir(to, { recursive: true });
  if (entries.length >= MAX_LISTED)
    terminal.note(`${visibleOutput(source.path)} holds more than ${MAX_LISTED} entries; the rest is left out\n`);
  for (const { name, path, kind } of entries) {
    // A name is what an agent wrote: it must not lead anywhere else.
    const place = join(to, name);
    if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) continue;
    if (kind === "directory" || kind === "file")
      await download({ client, terminal, source: { sessionId: source.sessionId, path }, to: place });
    else terminal.note(`${visibleOutput(path)} is neither a file nor a directory; left out\n`);
  }
}

async function upload(options: {
  client: BerthClient;
  terminal: Terminal;
  from: string;
  target: Place;
}): Promise<void> {
  const { client, terminal, from, target } = options;
  const { sessionId, path } = target;
  if (from === "-") {
    await client.files.write(sessionId, path, await terminal.readBytes());
    return;
  }
  const info = await lstat(from).catch(() => null);
  if (!info) throw new CliFailure(`There is no ${visibleOutput(from)} here.`);
  const into = (await listIfDirectory(client, target)) ? `${path.replace(/\/+$/, "")}/${basename(from)}` : path;
  await uploadTree({ client, terminal, from, sessionId, path: info.isDirectory() || path !== into ? into : path });
}

async function uploadTree(options: {
  client: BerthClient;
  terminal: Terminal;
  from: string;
  sessionId: string;
  path: string;
}): Promise<void> {
  const { client, terminal, from, sessionId, path } = options;
  const info = await stat(from).catch(() => null);
  if (info?.isDirectory()) {
    for (const name of (await readdir(from)).sort())
      await uploadTree({ ...options, from: join(from, name), path: `${path}/${name}` });
  } else if (info?.isFile()) await client.files.write(sessionId, path, new Uint8Array(await readFile(from)));
  else terminal.note(`${visibleOutput(from)} is neither a file nor a directory; left out\n`);
}

/** What is in it; null when it is a file, or is not there. */
async function listIfDirectory(client: BerthClient, { sessionId, path }: Place): Promise<FileEntry[] | null> {
  try {
    return (await client.files.list(sessionId, path)).data;
  } catch (error) {
    if (
      error instanceof ApiError &&
      (error.status === 400 || error.status === 404) &&
      (await client.sessions.get(sessionId))
    )
      return null;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

/** The last part of a path in the sandbox. */
function nameOf(path: string): string {
  return path.split("/").filter(Boolean).at(-1) ?? "files";
}
