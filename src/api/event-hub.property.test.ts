// Whatever order things happen in – appends, wake-ups that are early, late or lost, slow readers, cut streams, a database that is slow
// or away – each client that resumes with its last id has every entry once, in order.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLogger } from "../lib/logger.ts";
import { createEventHub, type EventHub } from "./event-hub.ts";
import type { LogEntry } from "./sse-frame.ts";
import { MAX_BACKLOG_BYTES, type Sink } from "./subscriber.ts";

const SESSION = "sesn_00000000000000000000000000";
const logger = createLogger("test", { level: "silent", pretty: false });

/** A connection: what was written is with the client when it takes it, and lost when it is cut before. */
class Connection {
  readonly ids: number[] = [];
  over = false;
  writableNeedDrain = false;
  readonly #slow: boolean;
  /** By how much what waits here counts more than it is: as if entries were large. */
  readonly #weight: number;
  #pending: string[] = [];
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(options: { slow: boolean; weight: number }) {
    this.#slow = options.slow;
    this.#weight = options.weight;
  }

  get writableLength(): number {
    return this.#pending.reduce((sum, text) => sum + text.length, 0) * this.#weight;
  }
  write(chunk: unknown): boolean {
    if (this.over) return false;
    this.#pending.push(String(chunk));
    if (!this.#slow) this.#take();
    this.writableNeedDrain = this.#slow;
    return !this.#slow;
  }
  drain(): void {
    if (this.over || !this.writableNeedDrain) return;
    this.#take();
    this.writableNeedDrain = false;
    this.#emit("drain");
  }
  once(event: string, listener: () => void) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  off(event: string, listener: () => void) {
    this.#listeners.get(event)?.delete(listener);
  }
  end(): void {
    this.#take();
    this.destroy();
  }
  destroy(): void {
    if (this.over) return;
    this.over = true;
    this.#pending = [];
    this.#emit("close");
  }
  #take(): void {
    for (const text of this.#pending.splice(0))
      for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) this.ids.push(Number(id));
  }
  #emit(event: string): void {
    const waiting = [...(this.#listeners.get(event) ?? [])];
    this.#listeners.get(event)?.clear();
    for (const listener of waiting) listener();
  }
}

type World = {
  hub: EventHub;
  log: LogEntry[];
  scheduler: fc.Scheduler;
  clients: Client[];
  /** The database fails, as often as this says. */
  failures: number;
};

/** Comes back after a cut with the id of the last entry that it has. */
class Client {
  readonly received: number[] = [];
  readonly start: number;
  readonly #kind: { slow: boolean; weight: number };
  #connection: Connection | null = null;
  #connecting = false;
  #endAtFirst: number | null = null;
  #leave: () => void = () => undefined;

  constructor(start: number, kind: { slow: boolean; weight: number }) {
    this.start = start;
    this.#kind = kind;
  }

  /** Where the log ended when it came first. */
  get endAtFirst(): number {
    return this.#endAtFirst ?? 0;
  }
  get connected(): boolean {
    return this.#connecting || this.#connection?.over === false;
  }
  connect({ hub, log }: World): void {
    if (this.connected) return;
    this.#endAtFirst ??= log.length;
    this.#keep();
    const connection = new Connection(this.#kind);
    this.#connection = connection;
    this.#connecting = true;
    const request = { sessionId: SESSION, after: this.received.at(-1) ?? this.start, previews: new Set<string>() };
    // The hub uses the members above only.
    hub.subscribe({ ...request, sink: connection as unknown as Sink }).then(
      (leave) => {
        this.#connecting = false;
        this.#leave = leave;
      },
      () => {
        this.#connecting = false;
        connection.destroy();
      },
    );
  }
  cut(): void {
    if (this.#connecting || !this.#connection) return;
    this.#connection.destroy();
    this.#leave();
    this.#keep();
  }
  drain(): void {
    this.#connection?.drain();
    this.#keep();
  }
  #keep(): void {
    this.received.push(...(this.#connection?.ids.splice(0) ?? []));
  }
}

/** More than a client may leave lying, in one entry. */
const LARGE = "x".repeat(MAX_BACKLOG_BYTES + 1);
type Step = (world: World) => Promise<void> | void;
const told = { now: 3, late: 1, never: 1, early: 1 };
const append = fc
  .record({
    count: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(499, 600, 1_100) },
    ),
    told: fc.constantFrom(...Object.entries(told).flatMap(([how, weight]) => Array<string>(weight).fill(how))),
    given: fc.boolean(),
    large: fc.integer({ min: 0, max: 60 }).map((one) => one === 0),
  })
  .map(
    ({ count, told: how, given, large }): Step =>
      ({ hub, log, scheduler }) => {
        const payload = large && count <= 3 ? { text: LARGE } : {};
        const added = Array.from({ length: count }, (_, index): LogEntry => {
          const seq = log.length + 1 + index;
          return { seq, id: `sevt_${seq}`, type: "agent.thinking", payload, echo: false, processedAt: new Date(0) };
        });
        const lastSeq = log.length + count;
        const tell = () => hub.logGrew({ sessionId: SESSION, lastSeq, ...(given ? { added } : {}) });
        // A wake-up without what was stored may come before it can be read.
        if (how === "early") hub.logGrew({ sessionId: SESSION, lastSeq });
        log.push(...added);
        if (how === "now") tell();
        if (how === "late") void scheduler.schedule(Promise.resolve(), "told late").then(tell);
      },
  );
const ofClient = (act: (client: Client, world: World) => void) =>
  fc.nat().map(
    (index): Step =>
      (world) => {
        const client = world.clients[index % world.clients.length];
        if (client) act(client, world);
      },
  );
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: append },
  {
    weight: 6,
    arbitrary: fc.constant<Step>(({ scheduler }) => (scheduler.count() > 0 ? scheduler.waitOne() : undefined)),
  },
  { weight: 3, arbitrary: ofClient((client, world) => client.connect(world)) },
  { weight: 1, arbitrary: ofClient((client) => client.cut()) },
  { weight: 3, arbitrary: ofClient((client) => client.drain()) },
  { weight: 1, arbitrary: fc.constant<Step>(({ hub }) => void hub.lookAround()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => void world.failures++) },
  { weight: 1, arbitrary: fc.constant<Step>(() => new Promise((resolve) => setImmediate(resolve))) },
);
const clients = fc.array(
  fc.record({ slow: fc.boolean(), weight: fc.constantFrom(1, 20, 5_000), start: fc.nat({ max: 700 }) }),
  { minLength: 1, maxLength: 20 },
);

function createWorld(
  scheduler: fc.Scheduler,
  kinds: readonly { slow: boolean; weight: number; start: number }[],
): World {
  const log: LogEntry[] = [];
  const world: Omit<World, "hub"> = { log, scheduler, failures: 0, clients: [] };
  /** Answers what is there when the answer is made, which may be long before it comes. */
  async function ask<T>(what: string, read: () => T): Promise<T> {
    await scheduler.schedule(Promise.resolve(), what);
    if (world.failures > 0) {
      world.failures--;
      throw new Error("the database is away");
    }
    const answer = read();
    await scheduler.schedule(Promise.resolve(), `${what} comes`);
    return answer;
  }
  const hub = createEventHub({
    readLog: ({ after, limit }) => ask("log", () => log.filter(({ seq }) => seq > after).slice(0, limit)),
    lastSeqs: () => ask("ends", () => new Map([[SESSION, log.length]])),
    wantPreviews: () => undefined,
    logger,
  });
  world.clients = kinds.map(({ start, ...kind }) => new Client(start % 7 === 0 ? start : 0, kind));
  return Object.assign(world, { hub });
}

/** Everybody is there, takes what comes and is told; the database answers. */
async function settle(world: World): Promise<void> {
  world.failures = 0;
  for (let quiet = 0; quiet < 3; ) {
    const before = world.clients.map(({ received }) => received.length).join();
    for (const client of world.clients) client.connect(world);
    void world.hub.lookAround();
    while (world.scheduler.count() > 0) await world.scheduler.waitOne();
    await new Promise((resolve) => setImmediate(resolve));
    for (const client of world.clients) client.drain();
    const after = world.clients.map(({ received }) => received.length).join();
    const busy = before !== after || world.scheduler.count() > 0 || world.clients.some((client) => !client.connected);
    quiet = busy ? 0 : quiet + 1;
  }
}

test("each client has every entry once, in order, whatever happens and in whatever order", async () => {
  const courses = fc.array(step, { minLength: 1, maxLength: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), clients, courses, async (scheduler, kinds, steps) => {
      const world = createWorld(scheduler, kinds);
      try {
        for (const act of steps) await act(world);
        await settle(world);
        for (const { received, start, endAtFirst } of world.clients) {
          const first = received[0] ?? world.log.length + 1;
          // Who begins behind the end begins at the end there is when it comes.
          expect(first).toBeGreaterThanOrEqual(Math.min(start, endAtFirst) + 1);
          expect(first).toBeLessThanOrEqual(Math.min(start, world.log.length) + 1);
          expect(received).toEqual(Array.from({ length: world.log.length - first + 1 }, (_, index) => first + index));
        }
      } finally {
        world.hub.close();
      }
    }),
    { numRuns: 100 },
  );
}, 120_000);
