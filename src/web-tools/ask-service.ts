// A request to the search service that the operator named: it may lie on a private address and speak plain HTTP, and never redirects.
import { Refusal } from "../egress/refusal.ts";
import type { AskService } from "./search-web.ts";

export const askService: AskService = async (url, { maxBytes, signal }) => {
  const answer = await fetch(url, { redirect: "manual", headers: { accept: "application/json" }, signal }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw new Refusal("upstream_failed", "The search service can't be reached.", {
        detail: error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error),
        cause: error,
      });
    },
  );
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of answer.body ?? []) {
    pieces.push(piece);
    total += piece.length;
    if (total > maxBytes) {
      await answer.body?.cancel().catch(() => undefined);
      throw new Refusal("upstream_failed", "The search service's answer is larger than any list of results.");
    }
  }
  return { status: answer.status, body: Buffer.concat(pieces) };
};
