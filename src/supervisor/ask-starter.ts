// What a part asks the process that started it for, because it gave up the right to look itself.
import { PlatformError } from "../lib/errors.ts";

const ANSWER_MS = 40_000;

export type Question = { type: "asks"; id: number; what: string };
export type Answer = { type: "answers"; id: number } & ({ text: string } | { problem: string });

let asked = 0;

/** Rejects with the starter's words where it can't answer, and without a starter. */
export async function askStarter(what: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  asked += 1;
  const question: Question = { type: "asks", id: asked, what };
  const late = setTimeout(() => reject(new PlatformError("unavailable", "the starter did not answer")), ANSWER_MS);
  const onMessage = (message: unknown) => {
    if (!isAnswer(message) || message.id !== question.id) return;
    if ("text" in message) resolve(message.text);
    else reject(new PlatformError("unavailable", message.problem));
  };
  process.on("message", onMessage);
  try {
    if (!process.send || !process.connected)
      throw new PlatformError("unavailable", "this process gave up the right to look, so it has to be started again");
    process.send(question);
    return await promise;
  } finally {
    clearTimeout(late);
    process.off("message", onMessage);
  }
}

export function isQuestion(message: unknown): message is Question {
  return typeof message === "object" && message !== null && "type" in message && message.type === "asks";
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === "object" && message !== null && "type" in message && message.type === "answers";
}
