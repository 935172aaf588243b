// The sandbox port: where an agent's tools run. Adapters: `local` (bubblewrap); others follow. `conformance.ts` defines done.
import type { Duplex } from "node:stream";

/** What a sandbox may use. All are upper bounds that the backend enforces or says that it can't (self-test). */
export type SandboxLimits = { memoryMb: number; cpus: number; pids: number; diskMb: number };

export type SandboxSpec = {
  limits: SandboxLimits;
  /** Configuration, and placeholders, put into the environment of every process in the sandbox. Never secrets. */
  env: Readonly<Record<string, string>>;
  /**
   * Found in it when they are installed, see `SandboxBackend.installPackages`. One that runs with others is started again with its
   * disk; one that wants none keeps those that it has.
   */
  packages?: PackageSet;
  /** Only of one that is made now. Its owner brings the files to what they are to be before anybody uses it. */
  seed?: SandboxSeed;
};

/**
 * The sandbox with whose files a new one may begin, where they are at hand and copying them is the shorter way to files of
 * `wantedBytes`. Nothing is to be relied upon: which files are there, and which content they have, has to be looked at.
 * Of the other sandbox there is nothing but files: no operation, no process, no output.
 */
export type SandboxSeed = { name: string; wantedBytes: number };

/** Package managers' names, each with packages as that manager names them (`rich==13.9.4`, `left-pad@1.3.0`). */
export type PackageLists = Readonly<Record<string, readonly string[]>>;

/** What sandboxes of a team find installed. No team is given what another one's installation made. */
export type PackageSet = { teamId: string; lists: PackageLists };

/** A package manager is at work, for whoever asked first. */
export type PackageProgress = { manager: string; packages: readonly string[] };

/**
 * `running`: processes live · `hibernated`: no process, the disk is kept.
 * A sandbox without a disk is not listed: it does not exist.
 */
export type SandboxState = "running" | "hibernated";
export type SandboxInfo = {
  name: string;
  /** Made by the backend with the disk; another identity under the same name means that the disk is another one. */
  identity: string;
  state: SandboxState;
  /** When the last operation ended or file was touched through the platform; milliseconds since the epoch. */
  lastUsedAt: number;
  /** What its processes use now; null where the backend does not know, or nothing runs. */
  memoryBytes: number | null;
  /** When it was set aside; null while it is somebody's. */
  setAsideAt: number | null;
};

/** One line of the self-test, in words for an operator. */
export type SandboxCheck = { name: string; holds: boolean; required: boolean; detail: string };
export type SandboxSelfTest = {
  /** All required checks hold: tools can run. */
  usable: boolean;
  checks: SandboxCheck[];
  /** What to do when it is not usable, one command or sentence. */
  remedy: string | null;
};

/**
 * Makes sandboxes on one kind of infrastructure.
 *
 * The name is the caller's, so `create` is idempotent: asking twice gives the same sandbox, and a hibernated one is
 * woken with its disk. `open` throws `sandbox_gone` when it is not running. `destroy` removes processes and disk and
 * succeeds when both are already gone. Failures to start are `sandbox_unavailable`.
 */
export type SandboxBackend = {
  readonly id: string;
  create(name: string, spec: SandboxSpec): Promise<Sandbox>;
  open(name: string): Promise<Sandbox>;
  /**
   * Once for a set: in a sandbox of its own, which holds nothing of the session and reaches package managers' hosts only; what it asks
   * of them is in that session's audit. Who asks meanwhile waits for it. It goes on when the caller does not wait. True: it was done now.
   * Throws `packages_failed` with words for whoever wrote the list.
   */
  installPackages(
    set: PackageSet,
    options: { sessionId: string; onProgress?: (progress: PackageProgress) => void; signal?: AbortSignal },
  ): Promise<boolean>;
  /** Ends all processes, keeps the disk. Succeeds when already hibernated or absent. */
  hibernate(name: string): Promise<void>;
  destroy(name: string): Promise<void>;
  /**
   * Nobody knows it: ends its processes, keeps its disk, and writes the time down where it outlives the caller. Set aside
   * once more it keeps its time. No effect on an absent one.
   */
  setAside(name: string): Promise<void>;
  /** It is somebody's again. `create` does the same. */
  takeBack(name: string): Promise<void>;
  /** Every sandbox this platform owns, so that strays can be swept. Blank warm ones are not listed. */
  list(): Promise<SandboxInfo[]>;
  selfTest(): Promise<SandboxSelfTest>;
  /** Drops connections. Sandboxes go on. */
  close(): Promise<void>;
};

/** A tool of `agent_toolset_20260401`, or a bare process. Paths are absolute or relative to /workspace. */
export type Operation =
  | { kind: "bash"; command?: string; restart?: boolean; timeoutMs?: number }
  | { kind: "read"; filePath: string; viewRange?: [number, number] }
  | { kind: "write"; filePath: string; content: string }
  | { kind: "edit"; filePath: string; oldString: string; newString: string; replaceAll?: boolean }
  | { kind: "glob"; pattern: string; path?: string }
  | { kind: "grep"; pattern: string; path?: string };

/**
 * `ok`: done · `failed`: the tool says why in `content` (also a non-zero exit) · `cancelled`: stopped by `cancelOperation` ·
 * `unknown`: it was started, and the sandbox ended before its end was written down; it may have run.
 */
export type OperationResult = {
  outcome: "ok" | "failed" | "cancelled" | "unknown";
  /** What the model is shown: text, already truncated in the middle at the tool's limit. */
  content: string;
  /** Base64 image for `read` of an image file. */
  image?: { mediaType: string; data: string };
  /** Exit code of `bash`; null when it was killed. */
  exitCode?: number | null;
  /** `bash` ran in a fresh shell that nobody asked for: variables and directory of the one before are lost. */
  freshShell?: boolean;
  /** Where the whole output lies in the sandbox when `content` was truncated. */
  fullOutputPath?: string;
  durationMs: number;
};

/** A piece of an operation's output. `offset` counts bytes from the start of the operation's output; characters may be cut. */
export type OutputChunk = { offset: number; bytes: Uint8Array };

export type DirectoryEntry = {
  name: string;
  kind: "file" | "directory" | "symlink" | "other";
  sizeBytes: number;
  modifiedAt: number;
};

/** `content` has exactly `sizeBytes`, or fails: a file that shrinks meanwhile is cut off with an error. */
export type OpenedFile = { sizeBytes: number; content: ReadableStream<Uint8Array> };

/** A port of a sandbox's loopback on which something listens. `program`: what its process calls itself, at most 15 bytes of anything. */
export type ListeningPort = { port: number; program: string | null };

export type TerminalSize = { columns: number; rows: number };

/** What comes from a process: where its output goes on, output, and as the last thing its exit code (above 128: a signal). */
export type ChannelEvent =
  | { type: "begun"; offset: number }
  /** The terminal's, which is that of its smallest viewer. */
  | { type: "size"; size: TerminalSize }
  | { type: "output"; bytes: Uint8Array }
  | { type: "error_output"; bytes: Uint8Array }
  | { type: "exited"; exitCode: number };

/** A connection to a process in a sandbox. Events that nobody takes hold the process back; they end early when the sandbox ends. */
export type Channel = {
  readonly events: AsyncIterable<ChannelEvent>;
  /** Resolves when more can be written. */
  write(input: Uint8Array): Promise<void>;
  /** Only of terminals. */
  resize(size: TerminalSize): void;
  /** Only of programs: they read the end of their input. */
  endInput(): void;
  /** Only of programs, with all that they started. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT" | "SIGKILL"): void;
  /** A terminal goes on without this viewer, a program is ended. */
  close(): void;
};

/**
 * What a file or directory is, besides its content. `mode`: permission bits. `allocatedBytes`: what it takes on the disk, less than
 * its size when it has holes. Times are decimal text in nanoseconds since the epoch, since they do not fit a number.
 */
export type TreeStat = {
  mode: number;
  sizeBytes: number;
  allocatedBytes: number;
  mtimeNs: string;
  ctimeNs: string;
  inode: string;
  links: number;
};

/**
 * One entry of a sandbox's tree. `path` is its bytes as latin1 text (a name need not be UTF-8), from `workspace` or `home` on.
 * `left_out`: something that can't be kept (a socket, a pipe, a device, too deep, not readable), for people; its path may be cut.
 */
export type TreeEntry =
  | ({ kind: "file" | "directory"; path: string } & TreeStat)
  | ({ kind: "symlink"; path: string; target: string } & TreeStat)
  | { kind: "left_out"; path: string; why: string };

/**
 * Contents of files, one after the other: `file`, then `data` and `hole` from its start on, then `end`. `again`: it changed
 * meanwhile, and comes anew, up to three times; then it is as it was at some moment, and `changed`. `settled`: a later write
 * will show in its times. `unreadable` comes instead of a file.
 */
export type TreeRead =
  | ({ type: "file"; path: string } & TreeStat)
  | { type: "data"; bytes: Uint8Array }
  | { type: "hole"; lengthBytes: number }
  | { type: "again" }
  | { type: "end"; changed: boolean; settled: boolean }
  | { type: "unreadable"; path: string; why: string };

/** SHA-256 of a file's content, hexadecimal. Null: it can't be read, is no regular file, or changed meanwhile. `stat`: as it was then. */
export type TreeHash = { path: string; sha256: string | null; stat: TreeStat | null };

/**
 * What is to be made of a tree, in order: a directory before what is in it, its `attributes` after. `remove` takes what is below, too;
 * what is in the way of a file, link or directory is removed. After `file` come `data` and `hole`, then `end`; `abort` instead
 * leaves what was there before. `link`: another name for the file `to`, which is there already.
 */
export type TreePart =
  | { do: "remove" | "directory"; path: string }
  | { do: "file"; path: string; mode: number; mtimeNs: string }
  | { do: "data"; bytes: Uint8Array }
  | { do: "hole"; lengthBytes: number }
  | { do: "end" | "abort" }
  | { do: "symlink"; path: string; target: string; mtimeNs: string }
  | { do: "link"; path: string; to: string }
  | { do: "attributes"; path: string; mode: number; mtimeNs: string };

/** What became of a part with a path. `problem`: why it could not be done, for people. `stat`: of a file, as it is on the disk now. */
export type TreeWritten = { path: string; problem: string | null; stat: TreeStat | null };

/** A running sandbox. Any call may throw `sandbox_gone` when it ended meanwhile, or does not answer any more. */
export type Sandbox = {
  readonly name: string;
  readonly identity: string;
  /**
   * Runs an operation, at most once per id for the life of the disk: asked again with the same id it attaches to the
   * running one or returns the stored result. `onOutput` gets output while it comes, a few times a second, from byte
   * `outputFrom` (default 0) on; of a flood the newest, and what comes last not at all: the result has it.
   * Aborting `signal` stops waiting, not the operation.
   */
  runOperation(
    id: string,
    operation: Operation,
    options?: { signal?: AbortSignal; onOutput?: (chunk: OutputChunk) => void; outputFrom?: number },
  ): Promise<OperationResult>;
  /** Ends a running operation; it then has outcome `cancelled`. No effect on an ended or unknown one. */
  cancelOperation(id: string): Promise<void>;
  /** Null when there is no such file. Only regular files within /workspace and /home/agent; others are `invalid_request`. */
  readFile(path: string): Promise<Uint8Array | null>;
  /** The same, read while it comes: for files of any size. */
  openFile(path: string): Promise<OpenedFile | null>;
  writeFile(path: string, content: Uint8Array): Promise<void>;
  listDirectory(path: string): Promise<DirectoryEntry[]>;
  /**
   * The shell of this id on a terminal, made when there is none; all who open it see and type the same. Its last 256 kB of
   * output are kept: they come from byte `offset` on, or from the oldest that is kept.
   */
  openTerminal(id: string, options: TerminalSize & { offset: number }): Promise<Channel>;
  /** A program with pipes, in /workspace. `exited` with 127: there is no such program. */
  runProgram(command: readonly string[]): Promise<Channel>;
  /**
   * A connection to a port of the sandbox's own loopback, 127.0.0.1 and then ::1, and to nothing else: bytes both ways, each side at the
   * pace of the other; its end is the end of both. `not_found`: nothing listens there.
   */
  connectPort(port: number): Promise<Duplex>;
  listPorts(): Promise<ListeningPort[]>;
  /**
   * A tar stream of /workspace (`workspace/…`) and /home/agent (`home/…`), without what can't be read in them (`left_out` in a listing):
   * that is named in `left-out.txt`, a line each with the reason, which is there only when there is something to tell.
   */
  archive(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Everything in /workspace and /home/agent, a directory before what is in it. What is inside a sandbox may claim anything: each path
   * is one of a tree (no way out of it), but entries may come twice, or without their directory.
   */
  listTree(options?: { signal?: AbortSignal }): AsyncIterable<TreeEntry>;
  readTree(paths: readonly string[], options?: { signal?: AbortSignal }): AsyncIterable<TreeRead>;
  /** One for each path, in their order. */
  hashTree(paths: readonly string[], options?: { signal?: AbortSignal }): AsyncIterable<TreeHash>;
  /**
   * Follows no link, also none that comes up meanwhile. Permission bits and times of change are set, to a microsecond; a part that can't be done
   * does not keep the others. All that is told to be done when this ends is on the disk for good. An error of `parts` is thrown.
   */
  writeTree(parts: AsyncIterable<TreePart>, options?: { signal?: AbortSignal }): AsyncIterable<TreeWritten>;
  /** Ends every process that may write: shells, terminals, programs and what they left. Operations go on being taken. */
  quiesce(): Promise<void>;
  /** Ends all processes, keeps the disk. No effect once it has ended, also when its disk has been woken since. */
  end(): Promise<void>;
};
