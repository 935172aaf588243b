import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLogger } from "../lib/logger.ts";
import { createOpenExchanges, LOOK_AT_ONCE, LOOK_EVERY_MS } from "./open-exchanges.ts";
import { Refusal } from "./refusal.ts";

const logger = createLogger("egress", { level: "silent", pretty: false });
const refuse = async () => {
  throw new Refusal("host_not_allowed", "no longer");
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout"] }));
afterEach(() => void vi.useRealTimers());

it("ends what is refused, once, and looks at the rest again", async () => {
  const open = createOpenExchanges({ logger });
  const [allowed, refused] = [vi.fn(async () => undefined), vi.fn(refuse)];
  const [ended, wrong] = [vi.fn(), vi.fn()];
  open.add({ check: allowed, end: wrong });
  open.add({ check: refused, end: ended });
  await vi.advanceTimersByTimeAsync(3 * LOOK_EVERY_MS);
  expect(allowed).toHaveBeenCalledTimes(3);
  expect(refused).toHaveBeenCalledTimes(1);
  expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ rule: "host_not_allowed" }));
  expect(wrong).not.toHaveBeenCalled();
});

it("ends nothing while it is not known what is allowed, or when a look fails", async () => {
  const open = createOpenExchanges({ logger });
  const answers: (() => Promise<void>)[] = [
    () => Promise.reject(new Refusal("policy_unavailable", "no database")),
    () => Promise.reject(new Error("unforeseen")),
    refuse,
  ];
  const end = vi.fn();
  open.add({ check: async () => answers.shift()?.(), end });
  await vi.advanceTimersByTimeAsync(2 * LOOK_EVERY_MS);
  expect(end).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  expect(end).toHaveBeenCalledTimes(1);
});

it("looks at nothing that is over, and has no timer while nothing is open", async () => {
  const open = createOpenExchanges({ logger });
  const check = vi.fn(refuse);
  const end = vi.fn();
  open.add({ check, end })();
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  expect(check).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
  open.add({ check, end });
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  expect(end).toHaveBeenCalledTimes(1);
});

it("lets others have their turn while it looks at many, of which one that takes long holds up none", async () => {
  const open = createOpenExchanges({ logger });
  const seen: string[] = [];
  const ofFirst = Promise.withResolvers<void>();
  open.add({
    check() {
      setImmediate(() => seen.push("another's turn"));
      return ofFirst.promise;
    },
    end: () => undefined,
  });
  for (let index = 1; index <= 2 * LOOK_AT_ONCE; index++)
    open.add({ check: async () => void seen.push("a look"), end: () => undefined });
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  await vi.waitFor(() => expect(seen.filter((one) => one === "a look")).toHaveLength(2 * LOOK_AT_ONCE));
  expect(seen.indexOf("another's turn")).toBeLessThan(LOOK_AT_ONCE + 1);
  ofFirst.resolve();
});
