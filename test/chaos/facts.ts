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
  payload: Record<string, unknown>;
};

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

export type ChaosFacts = {
  sessions: readonly SessionFacts[];
  processes: readonly ProcessFacts[];
  /** What the stopped system left on the machine: processes, mounts, control groups, files of running parts. */
  leftovers: readonly string[];
};

export type Finding = { rule: string; where: string; what: string };

/** Commands of a chaos run carry markers like `T12a3` that they write into the ledger. */
export const MARKER = /\bT\d+x\d+\b/g;
