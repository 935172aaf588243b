// What the search thread does: one search, and its lines as messages.
import { messageOf } from "../lib/errors.ts";
import { matchingFiles } from "./glob-worker.ts";
import { matchingLines } from "./grep-worker.ts";
import type { Search, SearchMessage } from "./search-thread.ts";

export async function searchInWorker(search: Search, send: (message: SearchMessage) => void): Promise<void> {
  try {
    for await (const line of search.tool === "glob" ? matchingFiles(search) : matchingLines(search)) send({ line });
    send({ done: true });
  } catch (error) {
    send({ problem: messageOf(error) });
  }
}
