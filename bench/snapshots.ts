// P5: what keeping a session's files costs, and how soon they are back after their disk is lost. Real sandboxes, a real store in a
// directory, the worker's own sweep; how long a snapshot took is what the worker wrote in its log. Baselines: `tar --zstd`, `cp -a`.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionsClient } from "../src/client/sessions.ts";
import { createTransport } from "../src/client/transport.ts";
import { createWaiter, idOf, type StreamedEvent, userMessage } from "./berth.ts";
import type { Figure } from "./figures.ts";
import { bytesBelow, makeTree, type TreeSize, timeCommand, treeCommand } from "./snapshot-tree.ts";
import { median } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const LARGE: TreeSize = { directories: 200, filesEach: 100, fileBytes: 52_000 };
const SMALL: TreeSize = { directories: 20, filesEach: 100, fileBytes: 52_000 };
const LOOKS = 5;
const LOSSES = 5;
const PATIENCE_MS = 180_000;
const MB = 1_000_000;

type Print = (line: string) => void;

export async function benchSnapshots(print: Print): Promise<Figure[]> {
  const large = measureTar(LARGE, print);
  const largeCopy = measureCopy(LARGE, { times: 2, print });
  const small = measureCopy(SMALL, { times: LOSSES, print });
  return withBerth({ env: { BERTH_SANDBOX_DISK_MB: "4096" } }, async (running) => [
    ...(await keepLarge(running, { tarMs: large, copyMs: largeCopy }, print)),
    ...(await loseSmall(running, small, print)),
  ]);
}

function withTree<T>(size: TreeSize, body: (tree: string, other: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "berth-bench-tree-"));
  try {
    const tree = join(directory, "tree");
    mkdirSync(tree);
    makeTree(tree, size);
    return body(tree, join(directory, "other"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function measureTar(size: TreeSize, print: Print): number {
  const times = withTree(size, (tree, archive) => {
    const once = () =>
      timeCommand(["tar", "--zstd", "-cf", archive, "-C", tree, "."], () => rmSync(archive, { force: true }));
    return [once(), once(), once()];
  });
  print(`tar --zstd of the large tree: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  return median(times);
}

function measureCopy(size: TreeSize, { times: count, print }: { times: number; print: Print }): number {
  const times = withTree(size, (tree, copy) => {
    const once = () => timeCommand(["cp", "-a", tree, copy], () => rmSync(copy, { recursive: true, force: true }));
    return Array.from({ length: count }, once);
  });
  print(`cp -a of ${size.directories * size.filesEach} files: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  return median(times);
}

async function keepLarge(
  running: RunningBerth,
  { tarMs, copyMs }: { tarMs: number; copyMs: number },
  print: Print,
): Promise<Figure[]> {
  const session = await openSession(running);
  try {
    await session.run(treeCommand(LARGE));
    const first = await session.take();
    const before = { bytes: session.storedBytes(), cpuMs: await processorMs(running) };
    const looks: Taken[] = [];
    while (looks.length < LOOKS) looks.push(await session.take());
    const cpuMs = ((await processorMs(running)) - before.cpuMs) / LOOKS;
    const grownBytes = (session.storedBytes() - before.bytes) / LOOKS;
    const durations = looks.map(({ durationMs }) => durationMs);
    print(
      `looks at the unchanged tree: ${durations.join(" ")} ms, of which files read ${looks.map(({ filesRead }) => filesRead).join(" ")}`,
    );
    await session.run("echo more >> d7/f7 && echo new > d8/new && rm d9/f9");
    const later = await session.take();
    const peakMb = peakMemoryMb((await running.system.pid("worker")) ?? 0);
    const tar = { baseline: tarMs / 1000, unit: "s" as const };
    return [
      {
        name: "first snapshot of 1 GB, 20,000 files",
        value: first.durationMs / 1000,
        ...tar,
        note: `${(first.newBytes / MB).toFixed(0)} MB stored; baseline: tar --zstd`,
      },
      {
        name: `snapshot of the same, unchanged, n=${LOOKS}`,
        value: median(durations) / 1000,
        ...tar,
        goal: { of: "ratio", is: "≤", limit: 1 },
        note: "also what a look costs while something runs in the background, once a minute",
      },
      {
        name: "– written to the store by it",
        value: grownBytes / MB,
        unit: "MB",
        goal: { of: "value", is: "≤", limit: 0.1 },
      },
      { name: "– processor time of all of Berth and the sandbox", value: cpuMs, unit: "ms" },
      {
        name: "snapshot after three files of it changed",
        value: later.durationMs / 1000,
        ...tar,
        note: `${(later.newBytes / 1000).toFixed(0)} kB stored, ${later.filesRead} files read`,
      },
      { name: "memory of the worker at most", value: peakMb, unit: "MB" },
      ...(await goBack(running, session, { copyMs, print })),
    ];
  } finally {
    await session.close();
  }
}

/** The large tree, with three files of it changed: back to before that, and a copy of all of it in another session. */
async function goBack(
  running: RunningBerth,
  session: Awaited<ReturnType<typeof openSession>>,
  { copyMs, print }: { copyMs: number; print: Print },
): Promise<Figure[]> {
  const { messageId } = await session.run("echo other >> d7/f7 && echo other > d8/other && rm d10/f1");
  const rewindMs = await session.goBack("rewind", { event_id: messageId });
  const forkMs = await session.goBack("fork", {});
  print(`rewind ${rewindMs.toFixed(0)} ms, fork ${forkMs.toFixed(0)} ms; memory of the worker at most so far`);
  const about = { unit: "s" as const, baseline: copyMs / 1000 };
  const peakMb = peakMemoryMb((await running.system.pid("worker")) ?? 0);
  return [
    {
      name: "rewind of 1 GB with three files changed, POST → files back",
      value: rewindMs / 1000,
      ...about,
      note: "what was there before is kept first; baseline: cp -a of the tree",
    },
    { name: "fork of 1 GB, POST → its own copy is there", value: forkMs / 1000, ...about },
    { name: "– memory of the worker at most", value: peakMb, unit: "MB" },
  ];
}

async function loseSmall(running: RunningBerth, copyMs: number, print: Print): Promise<Figure[]> {
  const session = await openSession(running);
  try {
    await session.run(treeCommand(SMALL));
    const first = await session.take();
    const times: number[] = [];
    const restoring: number[] = [];
    while (times.length < LOSSES) {
      await running.berth.post(`/v1/sessions/${session.id}/sandbox/end`, {});
      rmSync(join(running.system.dataDir, "sandboxes", session.id), { recursive: true });
      const { ms, restored, text } = await session.run("cat d*/f* | wc -c");
      if (!restored || !text.includes(String(SMALL.directories * SMALL.filesEach * SMALL.fileBytes)))
        throw new Error(`the files did not come back: ${text}`);
      times.push(ms);
      restoring.push(Number(restored.duration_ms));
    }
    print(
      `lost disk to the result of the next command: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms, of which restoring ${restoring.join(" ")}`,
    );
    return [
      { name: "first snapshot of 100 MB, 2,000 files", value: first.durationMs / 1000, unit: "s" },
      {
        name: `disk of 100 MB lost, POST of a message → result of its command on the restored files, n=${LOSSES}`,
        value: median(times) / 1000,
        unit: "s",
        baseline: copyMs / 1000,
        goal: { of: "value", is: "≤", limit: 1.5 },
        note: `baseline: cp -a of the same tree; restoring took ${(median(restoring) / 1000).toFixed(2)} s of it`,
      },
    ];
  } finally {
    await session.close();
  }
}

/** What the worker wrote in its log of a snapshot. */
type Taken = { durationMs: number; newBytes: number; filesRead: number };

async function openSession(running: RunningBerth) {
  const { system, berth, agentId, environmentId } = running;
  const id = idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId }));
  const client = createSessionsClient(createTransport({ baseUrl: system.url, apiKey: system.apiKey }));
  const waiter = createWaiter();
  const stream = await berth.follow(id, 0, waiter.onEvent);
  const taken = () =>
    readFileSync(join(system.dataDir, "logs/worker.log"), "utf8")
      .split("\n")
      .filter((line) => line.includes(id) && line.includes('"durationMs"'))
      // The worker's own lines.
      .map((line) => JSON.parse(line) as Taken);
  return {
    id,
    storedBytes: () => bytesBelow(join(system.dataDir, "blobs")),
    /** One command in a turn of its own: until its result is read, and the turn has ended. */
    async run(command: string) {
      const from = waiter.events.length;
      const startMs = performance.now();
      const sent = await berth.post(`/v1/sessions/${id}/events`, { events: [userMessage(`RUNCMD[${command}]`)] });
      const messageId = idOf((sent.data as Record<string, unknown>[])[0] ?? {});
      const options = { from, timeoutMs: PATIENCE_MS };
      const result = await waiter.wait(({ type }) => type === "agent.tool_result", options);
      await waiter.wait(({ type }) => type === "session.status_idle", options);
      const restored = waiter.events.slice(from).find(({ type }) => type === "session.restored")?.event;
      if (result.event.is_error) throw new Error(`a command failed: ${JSON.stringify(result.event)}`);
      return { ms: result.atMs - startMs, restored, messageId, text: JSON.stringify(result.event.content) };
    },
    /** Until the log says that the files are there. */
    async goBack(how: "rewind" | "fork", body: object): Promise<number> {
      const from = waiter.events.length;
      const startMs = performance.now();
      const answer = await insisting(() => berth.post(`/v1/sessions/${id}/${how}`, body));
      // A fork begins with its source's entries, which may tell of other disks.
      const isRestored = ({ type, event }: StreamedEvent) => type === "session.restored" && event.reason === how;
      if (how === "rewind") return (await waiter.wait(isRestored, { from, timeoutMs: PATIENCE_MS })).atMs - startMs;
      const fork = createWaiter();
      const forked = await berth.follow(idOf(answer), 0, fork.onEvent);
      const { atMs } = await fork.wait(isRestored, { timeoutMs: PATIENCE_MS });
      forked.close();
      await forked.ended;
      return atMs - startMs;
    },
    async take(): Promise<Taken> {
      const before = taken().length;
      const { requested_at } = await client.takeSnapshot(id);
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const [newest] = (await client.snapshots(id, { limit: 1 })).data;
        const [found] = taken().slice(before);
        if (newest && newest.checked_at >= requested_at && found) return found;
        if (Date.now() > deadline) throw new Error("no snapshot was taken");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async close() {
      stream.close();
      await stream.ended;
    },
  };
}

/** A worker may hold the session for its upkeep: then it is asked again, as the SDKs do. */
async function insisting<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("answered 409"))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** User and system time of all processes of this Berth so far. */
async function processorMs(running: RunningBerth): Promise<number> {
  const ticks = (await running.processes()).map(({ pid }) => {
    const stat = readOrEmpty(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return ticks.reduce((sum, value) => sum + value, 0) * 10;
}

function peakMemoryMb(pid: number): number {
  return (Number(/^VmHWM:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0) * 1024) / MB;
}

/** A process may have ended meanwhile. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
