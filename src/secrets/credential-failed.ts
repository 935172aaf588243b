// The port by which a session is told that a credential of its vaults can't be used any more.
import type { SessionCredential } from "./session-credentials.ts";

/** `problem`: a sentence without anything secret. `final`: somebody has to authorize it again. */
export type CredentialFailed = { sessionId: string; credential: SessionCredential; problem: string; final: boolean };

/** Once a session and failure, however often it is said. Never rejects: a request is not held up by what is told of it. */
export type TellCredentialFailed = (failed: CredentialFailed) => Promise<void>;
