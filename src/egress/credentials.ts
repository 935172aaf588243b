// The port through which the broker asks which credentials a request of a session gets.

export type BrokeredRequest = {
  teamId: string;
  sessionId: string;
  /** Canonical; always reached by TLS on port 443, verified. */
  host: string;
  method: string;
  /** With its query, as the program in the sandbox wrote it. */
  path: string;
  /** Name and value in turns. */
  headers: readonly string[];
};

export type CredentialedRequest = {
  headers: readonly string[];
  /** Names, for the audit line. Never values. */
  used: readonly string[];
};

/** Gives back the headers that go upstream. Throws a `Refusal` for a placeholder outside its scope. */
export type ApplyCredentials = (request: BrokeredRequest) => Promise<CredentialedRequest>;
