// Loaded into every process of a test's system (NODE_OPTIONS): a worker that reads the marker in a model's answer aborts at once,
// as a bug in native code would make it.
const MARKER = "ABORT-THE-WORKER";

if (process.argv[1]?.endsWith("/src/bin/worker.ts")) {
  const send = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await send(...request);
    if (!response.body) return response;
    const watched = response.body.pipeThrough(
      new TransformStream({
        transform(bytes, controller) {
          if (Buffer.from(bytes).includes(MARKER)) process.abort();
          controller.enqueue(bytes);
        },
      }),
    );
    return new Response(watched, { status: response.status, headers: response.headers });
  };
}
