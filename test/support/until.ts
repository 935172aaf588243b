// Waiting for a condition with a deadline: the only way that tests wait.

/** Resolves with the first truthy value of `condition`; fails after `timeoutMs` (default 30 s) with what `describe` says. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; intervalMs?: number; describe?: () => string } = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 30_000, intervalMs = 10 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms: ${options.describe?.() ?? condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
