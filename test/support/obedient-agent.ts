// An agent that does what it is told, on a tree in memory: `run: a=1; rm b` writes one file and removes another.
import { createMemoryBackend, type MemoryBackend } from "./memory-backend.ts";
import { createScriptedModel } from "./scripted-model.ts";
import { until } from "./until.ts";

/** Runs `path=content`, `rm path` and `hang` on a tree in memory. */
export function createWritingBackend(): MemoryBackend {
  const made = createMemoryBackend({
    execute: async (operation, { name }) => {
      const command = operation.kind === "bash" ? (operation.command ?? "") : "";
      const tree = made.treeOf(name);
      for (const one of command.split("; ").filter(Boolean)) {
        if (one === "hang") await new Promise(() => undefined);
        const [path = "", content] = one.split("=");
        if (content === undefined) tree.remove(`workspace/${one.replace("rm ", "")}`);
        else tree.write(`workspace/${path}`, Buffer.from(content));
      }
      return { outcome: "ok", content: `did ${command}` };
    },
  });
  return made;
}

/** The command of a message is run, those with an `&` between them at once, then the turn ends. A message without one is only answered. */
export const createObedientModel = () =>
  createScriptedModel(async ({ messages }) => {
    const last = messages.at(-1);
    const text = JSON.stringify(last);
    const commands = /run: ([^"\\]+)/.exec(text)?.[1]?.split(" & ") ?? [];
    if (last?.role !== "user" || commands.length === 0) return { text: "Done." };
    const toolCalls = commands.map((command) => ({ name: "bash", input: { command } }));
    return { toolCalls };
  });

/** A worker may be at its upkeep: then it is asked again, as the SDKs do. */
export async function insisting<T>(work: () => Promise<T>): Promise<T> {
  let done: { value: T } | null = null;
  await until(async () => {
    try {
      done = { value: await work() };
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "conflict") return false;
      throw error;
    }
  });
  return (done as unknown as { value: T }).value;
}
