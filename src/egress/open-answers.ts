// Answers that are on their way, by session: each hears of credentials that take effect meanwhile, before a request goes out with one.
import type { Credentials } from "../secrets/inject/growing-scrubber.ts";

export type OpenAnswer = {
  /** Of all that are in effect now; also of what it knows. */
  learn(credentials: Credentials): void;
};

export type OpenAnswers = {
  /** `from`: what was in effect when its request was made ready to go. Gives what takes it out again. */
  add(sessionId: string, from: Credentials, answer: OpenAnswer): () => void;
  tell(sessionId: string, credentials: Credentials): void;
};

export function createOpenAnswers(): OpenAnswers {
  const open = new Map<string, { latest: Credentials; answers: Set<OpenAnswer> }>();
  return {
    add(sessionId, from, answer) {
      const ofSession = open.get(sessionId) ?? { latest: from, answers: new Set() };
      open.set(sessionId, ofSession);
      // Of two requests that go out at once, one may have been made ready before what goes with the other was in effect.
      for (const other of ofSession.answers) other.learn(from);
      ofSession.answers.add(answer);
      answer.learn(ofSession.latest);
      return () => {
        ofSession.answers.delete(answer);
        if (ofSession.answers.size === 0 && open.get(sessionId) === ofSession) open.delete(sessionId);
      };
    },
    tell(sessionId, credentials) {
      const ofSession = open.get(sessionId);
      if (!ofSession) return;
      ofSession.latest = credentials;
      for (const answer of ofSession.answers) answer.learn(credentials);
    },
  };
}
