// An answer whose body tells how it goes: each piece of it, and its end.

export type BodyWatcher = {
  onPiece?: (piece: Uint8Array) => void;
  /** Once. `error`: it broke off, or whoever asked gave it up; null: it is whole, or the reader wants no more of it. */
  onEnd: (error: unknown) => void;
};

/** The same answer. One without a body has ended. */
export function watchBody(answer: Response, { onPiece, onEnd }: BodyWatcher): Response {
  if (!answer.body) {
    onEnd(null);
    return answer;
  }
  const reader = answer.body.getReader();
  /** The reader wants no more: a read that was under way ends with nothing to tell. */
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (cancelled) return;
        if (!done) {
          onPiece?.(value);
          return controller.enqueue(value);
        }
        controller.close();
        onEnd(null);
      } catch (error) {
        if (cancelled) return;
        controller.error(error);
        onEnd(error);
      }
    },
    async cancel(reason) {
      cancelled = true;
      onEnd(null);
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
}
