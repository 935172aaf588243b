// What reached the model, by the session whose message came last.
import type { ChatBody } from "../support/scripted-wire.ts";
import { TAG } from "./facts.ts";
import type { Driven } from "./workload.ts";

export type Prompts = {
  /** Of a request: what was said in it. The request itself is not kept. */
  note(body: ChatBody): void;
  /** Each prompt once: the tags of what was said, in order. */
  bySession(driven: readonly Driven[]): Map<string, string[][]>;
};

export function keepPrompts(): Prompts {
  const byIndex = new Map<number, Set<string>>();
  return {
    note(body) {
      const said = body.messages.filter(({ role }) => role === "user");
      const tags: string[] = JSON.stringify(said).match(TAG) ?? [];
      const index = Number(/^M(\d+)x/.exec(tags.at(-1) ?? "")?.[1]);
      if (Number.isNaN(index)) return;
      const prompts = byIndex.get(index) ?? new Set();
      byIndex.set(index, prompts.add(tags.join(" ")));
    },
    bySession(driven) {
      return new Map(
        driven.map(({ index, sessionId }) => [
          sessionId,
          [...(byIndex.get(index) ?? [])].map((prompt) => prompt.split(" ")),
        ]),
      );
    },
  };
}
