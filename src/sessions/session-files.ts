// Files of a session for people and programs: listed, read, written in its sandbox, which is woken when it sleeps.
import type { FileEntry, FileList, SandboxStatus, WrittenFile } from "../contract/files.ts";
import type { Session } from "../contract/sessions.ts";
import { type Database, isForeignKeyViolation } from "../db/database.ts";
import { findOpenRestore, isRestoreOpen, type OpenRestore } from "../db/restores.ts";
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import { findSandbox, markHibernated, recordSandbox, type SandboxRow, wokeSandbox } from "../db/sandboxes.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, PlatformError } from "../lib/errors.ts";
import type { Channel, OpenedFile, Sandbox, SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import type { RestoreProgress } from "../snapshots/restore-snapshot.ts";
import type { ReadyForPerson } from "./ready-for-person.ts";
import { sandboxSpecOf } from "./sandbox-spec.ts";
import { ruleOfOpened } from "./sandbox-states.ts";

const WORKSPACE = "/workspace";
/** As many entries of one directory as a runner lists. */
const MAX_LISTED = 10_000;
/** So long a request waits for files that are being brought back; most are there sooner. */
const FILES_WAIT_MS = 10_000;
const FILES_LOOK_MS = 100;

export type SandboxReach = {
  backend: SandboxBackend;
  spec: SandboxSpec;
  /** Sandboxes of one team that run at once; null: no limit. */
  teamLimit?: number | null;
};
export type SessionFiles = ReturnType<typeof createSessionFiles>;

export function createSessionFiles(options: {
  db: Database;
  clock: Clock;
  /** A worker is to bring back this session's files. */
  onFilesWanted: (sessionId: string) => void;
  /** Null: this process reaches no sandboxes. */
  sandboxes: SandboxReach | null;
  /** What a terminal finds that is opened before any turn. */
  ready: ReadyForPerson;
  /** Throws `not_found` for a session of another team. */
  getSession: (teamId: string, sessionId: string) => Promise<Session>;
}) {
  const { db, clock, getSession } = options;

  function reach(): SandboxReach {
    if (options.sandboxes) return options.sandboxes;
    throw new PlatformError("unavailable", "This process reaches no sandboxes.");
  }

  /** After a rewind, or in a fork, a worker brings the files first: what is there until then is not what the session has. */
  async function untilFilesAreBack(sessionId: string): Promise<void> {
    const deadline = clock.now() + FILES_WAIT_MS;
    let asked = false;
    for (;;) {
      const open = await findOpenRestore(db, { sessionId });
      if (!open || open.reason === "lost") return;
      if (!asked) options.onFilesWanted(sessionId);
      asked = true;
      if (clock.now() >= deadline)
        throw new PlatformError(
          "unavailable",
          `The files of this session are still being brought back${open.problem === null ? "" : ` (${open.problem})`}. Try again in a moment.`,
        );
      await clock.sleep(FILES_LOOK_MS);
    }
  }

  /** One that was asked for between the two looks ends what is in the sandbox, and begins after that. */
  async function wake(teamId: string, sessionId: string): Promise<Sandbox | null> {
    for (;;) {
      await untilFilesAreBack(sessionId);
      const sandbox = await wakeNow(teamId, sessionId);
      if (!(await isRestoreOpen(db, { sessionId }))) return sandbox;
    }
  }

  /**
   * The sandbox of a session, awake; null when it has none yet. The name is the session's, so nobody makes a second one
   * beside the worker. Its disk's identity is the worker's to write down: it tells the model when a disk was lost.
   */
  async function wakeNow(teamId: string, sessionId: string): Promise<Sandbox | null> {
    const known = await findSandbox(db, { teamId, sessionId });
    return known ? open(teamId, sessionId, known) : null;
  }

  /** Without `known` it is made, as a tool call would do first: a person who uploads a file needs a place for it. */
  async function open(teamId: string, sessionId: string, known: SandboxRow | null): Promise<Sandbox> {
    const { backend, spec, teamLimit = null } = reach();
    if (teamLimit !== null && !(await askForSandboxPlace(db, { sessionId, teamId, limit: teamLimit })).granted)
      throw new PlatformError(
        "unavailable",
        `Your team runs ${teamLimit} sandboxes at once, as many as it may (BERTH_TEAM_SANDBOXES). Try again in some seconds: those that nobody uses are being put to sleep.`,
      );
    const begunAt = performance.now();
    const sandbox = await backend.create(known?.name ?? sessionId, await sandboxSpecOf(db, sessionId, spec));
    if (ruleOfOpened(known, sandbox).person === "refuse")
      throw new PlatformError("sandbox_gone", "The files of this session were lost with the disk of its sandbox.");
    const { name, identity } = sandbox;
    const row = { sessionId, teamId, name, backend: backend.id, identity, startMs: performance.now() - begunAt };
    try {
      await recordSandbox(db, { ...row, sameDisk: true });
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
      // The session was deleted while its sandbox was being made.
      await backend.destroy(name);
      throw new PlatformError("not_found", `Session ${sessionId} was deleted meanwhile.`);
    }
    return sandbox;
  }

  /** One that was put to sleep just now is woken once more. */
  async function using<T>(
    open: () => Promise<Sandbox | null>,
    use: (sandbox: Sandbox) => Promise<T>,
  ): Promise<T | null> {
    const sandbox = await open();
    if (!sandbox) return null;
    try {
      return await use(sandbox);
    } catch (error) {
      if (!hasCode(error, "sandbox_gone")) throw error;
      const again = await open();
      return again ? await use(again) : null;
    }
  }

  /** For what changes something: the session has to be open, and the sandbox is made when there is none. */
  async function inSandbox<T>(teamId: string, sessionId: string, use: (sandbox: Sandbox) => Promise<T>): Promise<T> {
    const session = await getSession(teamId, sessionId);
    if (session.archived_at !== null)
      throw new PlatformError("invalid_request", `Session ${sessionId} is archived: its sandbox is closed.`);
    if (session.status === "terminated")
      throw new PlatformError("invalid_request", `Session ${sessionId} has ended: its sandbox is closed.`);
    let result: { value: T } | null = null;
    await using(
      async () => (await wake(teamId, sessionId)) ?? (await open(teamId, session.id, null)),
      async (sandbox) => {
        result = { value: await use(sandbox) };
      },
    );
    if (!result) throw new PlatformError("sandbox_gone", `The sandbox of session ${sessionId} ended meanwhile.`);
    return (result as { value: T }).value;
  }

  /** A sandbox that is there is opened also without packages that can't be installed: whoever mends that may need it. */
  async function installBefore(teamId: string, sessionId: string): Promise<void> {
    const { archived_at, status } = await getSession(teamId, sessionId);
    if (archived_at !== null || status === "terminated") return;
    const { backend, spec } = reach();
    try {
      await options.ready.packages({ backend, spec: await sandboxSpecOf(db, sessionId, spec), sessionId });
    } catch (error) {
      if (!hasCode(error, "packages_failed") || !(await findSandbox(db, { teamId, sessionId }))) throw error;
    }
  }

  async function status(teamId: string, sessionId: string): Promise<SandboxStatus> {
    const [known, open] = [await findSandbox(db, { teamId, sessionId }), await findOpenRestore(db, { sessionId })];
    return statusOf(sessionId, known, open);
  }

  const noFiles = () =>
    new PlatformError("not_found", "This session has no files yet: its sandbox is made when the first tool runs.");

  return {
    async sandbox(teamId: string, sessionId: string): Promise<SandboxStatus> {
      await getSession(teamId, sessionId);
      return status(teamId, sessionId);
    },

    /**
     * Ends its processes, keeps its disk; the next use wakes it. A tool that ran answers "may have run".
     * Written down first: a worker that wakes it at once has the last word.
     */
    async endSandbox(teamId: string, sessionId: string): Promise<SandboxStatus> {
      await getSession(teamId, sessionId);
      const known = await findSandbox(db, { teamId, sessionId });
      if (!known) throw new PlatformError("not_found", `Session ${sessionId} has no sandbox yet.`);
      const { backend } = reach();
      await markHibernated(db, { sessionId });
      await backend.hibernate(known.name);
      return status(teamId, sessionId);
    },

    /** A session without a sandbox has an empty workspace. */
    async list(teamId: string, sessionId: string, path: string = WORKSPACE): Promise<FileList> {
      await getSession(teamId, sessionId);
      const directory = path.startsWith("/") ? path : `${WORKSPACE}/${path}`;
      const entries = await using(
        () => wake(teamId, sessionId),
        (sandbox) => sandbox.listDirectory(directory),
      );
      const base = directory.endsWith("/") ? directory : `${directory}/`;
      const data = (entries ?? []).map(
        ({ name, kind, sizeBytes, modifiedAt }): FileEntry => ({
          type: "file_entry",
          name,
          path: base + name,
          kind,
          size_bytes: sizeBytes,
          modified_at: dateOf(modifiedAt),
        }),
      );
      return { path: directory, data, truncated: data.length >= MAX_LISTED };
    },

    async open(teamId: string, sessionId: string, path: string): Promise<OpenedFile> {
      await getSession(teamId, sessionId);
      const opened = await using(
        () => wake(teamId, sessionId),
        async (sandbox) => ({ file: await sandbox.openFile(path) }),
      );
      if (!opened) throw noFiles();
      if (!opened.file)
        throw new PlatformError("not_found", `There is no file ${JSON.stringify(path)} in this session.`);
      return opened.file;
    },

    /** In one step: others see the old content or the new. */
    async write(teamId: string, sessionId: string, file: { path: string; content: Uint8Array }): Promise<WrittenFile> {
      await inSandbox(teamId, sessionId, (sandbox) => sandbox.writeFile(file.path, file.content));
      return { type: "file_written", path: file.path, size_bytes: file.content.byteLength };
    },

    /** Woken, or made: a person wants to see what runs in it. */
    wakeSandbox(teamId: string, sessionId: string): Promise<Sandbox> {
      return inSandbox(teamId, sessionId, async (sandbox) => sandbox);
    },

    /** A person opens a terminal: the sandbox is woken, or made. */
    async openTerminal(
      teamId: string,
      sessionId: string,
      { id, ...size }: { id: string; columns: number; rows: number; offset: number },
    ): Promise<Channel> {
      await installBefore(teamId, sessionId);
      return inSandbox(teamId, sessionId, async (sandbox) => {
        await options.ready.repositories({ teamId, sessionId, sandbox });
        return sandbox.openTerminal(id, size);
      });
    },

    async runProgram(teamId: string, sessionId: string, command: readonly string[]): Promise<Channel> {
      return inSandbox(teamId, sessionId, (sandbox) => sandbox.runProgram(command));
    },

    /** It is in use: the time until it is put to sleep begins anew. */
    touch: (sessionId: string): Promise<void> => wokeSandbox(db, { sessionId }),

    /** A tar stream of `workspace/` and `home/`. */
    async archive(teamId: string, sessionId: string): Promise<ReadableStream<Uint8Array>> {
      await getSession(teamId, sessionId);
      const stream = await using(
        () => wake(teamId, sessionId),
        (sandbox) => sandbox.archive(),
      );
      if (!stream) throw noFiles();
      return stream;
    },
  };
}

function statusOf(sessionId: string, known: SandboxRow | null, open: OpenRestore | null): SandboxStatus {
  const progress = open?.progress as RestoreProgress | null | undefined;
  return {
    type: "sandbox",
    session_id: sessionId,
    state: known?.state ?? "none",
    last_used_at: known?.lastUsedAt.toISOString() ?? null,
    restore: open && {
      reason: open.reason,
      requested_at: open.requestedAt.toISOString(),
      snapshot_id: open.snapshotId,
      files: progress?.files ?? 0,
      total_files: progress?.totalFiles ?? null,
      bytes: progress?.bytes ?? 0,
      total_bytes: progress?.totalBytes ?? null,
      problem: open.problem,
    },
  };
}

/** What is inside a sandbox may claim any time; one that is no time becomes the beginning of them. */
function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
