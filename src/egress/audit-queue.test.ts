// Audit lines reach the database in order and in batches, wait for one that is away, and do not fill the memory.
import { expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import { createLogger } from "../lib/logger.ts";
import { type AuditLine, createAuditQueue } from "./audit-queue.ts";

const logger = createLogger("egress", { level: "silent", pretty: false });
// Of a line, only which one it is matters to the queue.
const line = (id: number) => ({ id: String(id) }) as AuditLine;

it("writes all in order, at most 500 at once", async () => {
  const batches: string[][] = [];
  const queue = createAuditQueue({
    write: async (lines) => void batches.push(lines.map(({ id }) => id)),
    logger,
    flushMs: 1,
  });
  for (let index = 0; index < 1200; index++) queue.add(line(index));
  await until(() => batches.flat().length === 1200);
  expect(batches.map(({ length }) => length)).toEqual([500, 500, 200]);
  expect(batches.flat()).toEqual(Array.from({ length: 1200 }, (_, index) => String(index)));
  queue.add(line(1200));
  await queue.close();
  expect(batches.at(-1)).toEqual(["1200"]);
});

it("waits for a database that is away, keeps 10,000 and no more, and says how many were lost", async () => {
  let away = true;
  let asked = 0;
  const written: string[] = [];
  const said: unknown[] = [];
  const telling = {
    ...logger,
    warn: () => undefined,
    error: (fields: unknown) => void said.push(fields),
  } as unknown as typeof logger;
  const queue = createAuditQueue({
    write: async (lines) => {
      asked += 1;
      if (away) throw new Error("away");
      written.push(...lines.map(({ id }) => id));
    },
    logger: telling,
    flushMs: 1,
  });
  for (let index = 0; index < 10_003; index++) queue.add(line(index));
  await until(() => asked > 2);
  expect(written).toEqual([]);
  away = false;
  await until(() => written.length === 10_000);
  await until(() => said.length === 1);
  expect(said).toEqual([{ lost: 3 }]);
  expect(new Set(written).size).toBe(10_000);
  await queue.close();
});
