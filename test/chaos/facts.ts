// What a chaos run knows at its end: what clients were told, what the database holds, and what happened in the sandboxes.

/** An event that a client sent and that the server acknowledged. */
export type Accepted = { id: string; type: string };
/** A frame of the event stream, in the order in which the client got it over all its reconnects. */
export type StreamedEntry = { seq: number; id: string; type: string };
/** A row of the log, straight from the database. */
export type StoredEntry = {
  seq: number;
  id: string;
  type: string;
  echo: boolean;
  processed: boolean;
  /** When it was written down; for the reader of a finding. */
  at?: Date;
  payload: Record<string, unknown>;
};

export type Fork = { sessionId: string; eventId: string | null };

export type SessionFacts = {
  id: string;
  /** What its client did: for the reader of a finding. */
  kind: string;
  accepted: readonly Accepted[];
  streamed: readonly StreamedEntry[];
  stored: readonly StoredEntry[];
  /** Ids of `events.list`, all pages. */
  listed: readonly string[];
  status: string;
  leased: boolean;
  /** Work that nobody has done. */
  waiting: boolean;
  lastSeq: number;
  /** How often each marker stands in the ledger, a file in the sandbox that every command appends to. */
  effects: ReadonlyMap<string, number>;
  ledger: "read" | "unreadable";
  /** How often its sandbox was lost with its disk. */
  losses: number;
  /** `seq` of entries up to which its client was told that all files are in a snapshot. */
  kept: readonly number[];
  /** Snapshots of its files that its client saw listed: where the log ended when each was taken. */
  snapshots: ReadonlyMap<string, number>;
  /** Messages that the server said it went back to, in order. */
  rewinds: readonly string[];
  /** What it began as a copy of, and the message at which; null: a session of its own. */
  forkOf: Fork | null;
  /** The tags of all messages in each request that reached the model for it. */
  prompts: readonly (readonly string[])[];
  /** Trouble that its client met and could not explain: refused requests, streams that would not open. */
  complaints: readonly string[];
};

export type ProcessFacts = {
  part: string;
  rssMbBefore: number;
  rssMbAfter: number;
  fdsBefore: number;
  fdsAfter: number;
};

/** A sandbox that runs, by the process in it. */
export type RunningSandbox = {
  pid: number;
  /** The directory of its disk; what is ready for whoever comes begins with a dot. Null: its disk has none any more. */
  name: string | null;
};

export type ChaosFacts = {
  sessions: readonly SessionFacts[];
  /** Ids of all sessions in the database. */
  sessionIds: readonly string[];
  /** Ids of sessions that were deleted, as their clients were told. */
  deleted: readonly string[];
  /** How often each marker was written at the service that sandboxes reach; it is never set back. */
  rows: ReadonlyMap<string, number>;
  /** What ran, and the directories of disks that were there, just before the stop. */
  running: readonly RunningSandbox[];
  disks: readonly string[];
  processes: readonly ProcessFacts[];
  /** What the stopped system left on the machine: processes, mounts, control groups, files of running parts. */
  leftovers: readonly string[];
};

export type Finding = { rule: string; where: string; what: string };

/** Commands of a chaos run carry markers like `T12a3` that they write into the ledger. */
export const MARKER = /\bT\d+x\d+\b/g;

/** Messages of a chaos run carry tags like `M12x3`, by which they are known in what the model is sent. */
export const TAG = /\bM\d+x\d+\b/g;
