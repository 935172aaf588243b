// The rules of a session's life, for any facts and any course of events: nothing runs twice or unasked, nothing waits for ever.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Facts, MAX_COMPACTIONS_IN_ROW, nextStep, type Step } from "./next-step.ts";

type Pending = Facts["pending"][number];

const pendingCall = fc.record<Omit<Pending, "id">>({
  kind: fc.constantFrom("tool", "custom"),
  permission: fc.constantFrom("allow", "ask", "deny"),
  confirmed: fc.constantFrom("yes", "no", null),
});
const numbered =
  <T extends object>(prefix: string) =>
  (each: T[]): (T & { id: string })[] =>
    each.map((one, index) => ({ ...one, id: `${prefix}${index}` }));

/** What keeps everything else from being asked: seldom, so that the rest is. */
const seldom = fc.integer({ min: 0, max: 7 }).map((one) => one === 7);
const orNone = <T>(some: fc.Arbitrary<T[]>) => fc.oneof(some, fc.constant<T[]>([]));

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  status: fc.constantFrom("idle", "running", "rescheduling", "terminated"),
  stopReason: fc.constantFrom(
    null,
    { type: "end_turn" } as const,
    { type: "retries_exhausted" } as const,
    {
      type: "requires_action",
      event_ids: ["call0"],
    } as const,
  ) as fc.Arbitrary<Facts["stopReason"]>,
  archived: seldom,
  failuresAlone: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
  queue: orNone(
    fc.array(fc.record({ type: fc.constantFrom<Facts["queue"][number]["type"]>("message", "interrupt", "answer") }), {
      maxLength: 6,
    }),
  ).map(numbered("event")),
  openRequestId: seldom.map((open) => (open ? "request" : null)),
  pending: orNone(fc.array(pendingCall, { maxLength: 5 })).map(numbered("call")),
  owesAnswer: fc.boolean(),
  budgetReached: fc.boolean(),
  toolRounds: fc.integer({ min: 0, max: 201 }),
  contextFull: fc.boolean(),
  compactionsInRow: fc.integer({ min: 0, max: 4 }),
  retryInMs: fc.option(fc.integer({ min: 0, max: 20 })),
  retryAt: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 20 }) },
  ),
  gaveUp: seldom,
  refused: fc.boolean(),
  now: fc.constant(10),
});

const eventsOf = (step: Step): readonly string[] => {
  if (step.do === "take-in" || step.do === "interrupt" || step.do === "give-up") return step.eventIds;
  return [];
};

test("whatever the facts are: a step names what is there, runs what may run, and nothing twice", () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const before = structuredClone(facts);
      const step = nextStep(facts);
      expect(facts).toEqual(before);
      expect(nextStep(facts)).toEqual(step);

      const queued = facts.queue.map(({ id }) => id);
      expect(eventsOf(step).every((id) => queued.includes(id))).toBe(true);
      expect(new Set(eventsOf(step)).size).toBe(eventsOf(step).length);
      if (step.do === "run-tools") {
        const named = [...step.run, ...step.deny];
        expect(new Set(named).size).toBe(named.length);
        expect(named.length).toBeGreaterThan(0);
        const call = (id: string) => facts.pending.find((one) => one.id === id);
        for (const id of named) expect(call(id)).toMatchObject({ kind: "tool" });
        for (const id of step.run) {
          expect(call(id)?.permission).not.toBe("deny");
          expect(call(id)?.confirmed).not.toBe("no");
          if (call(id)?.permission === "ask") expect(call(id)?.confirmed).toBe("yes");
        }
      }
      // The model is asked only with all its calls answered, and never beside a request that nobody has closed.
      if (step.do === "call-model" || step.do === "compact") {
        expect([facts.pending, facts.openRequestId, facts.owesAnswer]).toEqual([[], null, true]);
        expect(facts.queue).toEqual([]);
        expect(facts.retryAt ?? 0).toBeLessThanOrEqual(facts.now);
        // The conversation is not shortened for ever, and what does not fit is not sent.
        if (step.do === "compact") expect(facts.compactionsInRow).toBeLessThan(MAX_COMPACTIONS_IN_ROW);
        else expect(facts.contextFull).toBe(false);
      }
      // All interrupts at once; what was said after the last one is for the next turn.
      const last = facts.queue.findLast(({ type }) => type === "interrupt");
      if (step.do === "interrupt" && last) {
        const interrupts = facts.queue.filter(({ type }) => type === "interrupt").map(({ id }) => id);
        expect(step.eventIds).toEqual(expect.arrayContaining(interrupts));
        const after = queued.slice(queued.indexOf(last.id) + 1);
        expect(step.eventIds.filter((id) => after.includes(id))).toEqual([]);
        const idle = facts.status === "idle" && facts.pending.length === 0;
        const before = facts.queue.slice(0, queued.indexOf(last.id)).filter(({ type }) => type === "message");
        if (idle) expect(step.eventIds).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
      }
      if (facts.status === "terminated") expect(step).toEqual({ do: "rest" });
      // An interrupt that waits is never passed over by work.
      if (facts.queue.some(({ type }) => type === "interrupt"))
        expect(["rest", "close-request", "terminate", "interrupt"]).toContain(step.do);
      // A session that runs is never left as if it were at rest.
      if (step.do === "rest") expect(["idle", "terminated"]).toContain(facts.status);
    }),
    { numRuns: 3_000 },
  );
});

/** What a client or a model may do next in a life that is driven to its end. */
type Act =
  | { act: "message" }
  | { act: "interrupt" }
  | { act: "crash" }
  | { act: "confirm"; yes: boolean }
  | { act: "model answers"; calls: Omit<Pending, "id">[] };

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.constantFrom<Act>({ act: "message" }, { act: "interrupt" }, { act: "crash" }),
  fc.record({ act: fc.constant("confirm" as const), yes: fc.boolean() }),
  fc.record({
    act: fc.constant("model answers" as const),
    calls: fc.array(
      pendingCall.map((call) => ({ ...call, confirmed: null })),
      { maxLength: 3 },
    ),
  }),
);

/** A session as the log would have it, moved by the steps alone. */
class Life {
  facts: Facts = {
    status: "idle",
    stopReason: { type: "end_turn" },
    archived: false,
    failuresAlone: 0,
    queue: [],
    openRequestId: null,
    pending: [],
    owesAnswer: false,
    budgetReached: false,
    toolRounds: 0,
    contextFull: false,
    compactionsInRow: 0,
    retryAt: null,
    retryInMs: null,
    gaveUp: false,
    refused: false,
    now: 10,
  };
  readonly taken = new Map<string, number>();
  readonly settled = new Map<string, number>();
  sent = 0;
  called = 0;
  answers: Omit<Pending, "id">[][] = [];
  /** For whom the queue's answers are. */
  readonly answering = new Map<string, { callId: string; yes: boolean }>();

  send(type: Facts["queue"][number]["type"]): string {
    const id = `event${this.sent++}`;
    this.facts.queue.push({ id, type });
    return id;
  }

  do(act: Act): void {
    if (act.act === "message" || act.act === "interrupt") this.send(act.act);
    else if (act.act === "crash") this.facts.openRequestId ??= this.facts.status === "running" ? "lost" : null;
    else if (act.act === "model answers") this.answers.push(act.calls);
    else {
      const promised = new Set([...this.answering.values()].map(({ callId }) => callId));
      const call = this.facts.pending.find(
        ({ id, kind, permission, confirmed }) =>
          !promised.has(id) && (kind === "custom" || (permission === "ask" && confirmed === null)),
      );
      if (call) this.answering.set(this.send("answer"), { callId: call.id, yes: act.yes });
    }
  }

  /** Whether something is left to do. */
  step(): boolean {
    const { facts } = this;
    const step = nextStep(facts);
    for (const id of eventsOf(step)) this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
    const taken = facts.queue.filter(({ id }) => eventsOf(step).includes(id));
    facts.queue = facts.queue.filter(({ id }) => !eventsOf(step).includes(id));
    switch (step.do) {
      case "rest":
        return false;
      case "close-request":
        facts.openRequestId = null;
        return true;
      case "take-in":
        for (const event of taken) this.takeIn(event);
        if (step.starts) Object.assign(facts, { status: "running", stopReason: null, owesAnswer: true, toolRounds: 0 });
        else if (facts.status === "idle") Object.assign(facts, { status: "running", stopReason: null });
        return true;
      case "run-tools":
        this.settle([...step.run, ...step.deny]);
        return true;
      case "wait-for-action":
        Object.assign(facts, { status: "idle", stopReason: { type: "requires_action", event_ids: step.eventIds } });
        return true;
      case "call-model": {
        const calls = this.answers.shift() ?? [];
        facts.pending = calls.map((call) => ({ ...call, id: `call${this.called++}` }));
        facts.owesAnswer = calls.length > 0;
        facts.toolRounds += calls.length > 0 ? 1 : 0;
        return true;
      }
      case "interrupt":
        this.settle(facts.pending.map(({ id }) => id));
        Object.assign(facts, { status: "idle", stopReason: { type: "end_turn" }, owesAnswer: false });
        return true;
      case "end-turn":
        Object.assign(facts, { status: "idle", stopReason: step.stopReason });
        return true;
      default:
        throw new Error(`this life has no ${step.do}`);
    }
  }

  private takeIn(event: Facts["queue"][number]): void {
    const answer = this.answering.get(event.id);
    const call = this.facts.pending.find(({ id }) => id === answer?.callId);
    if (!answer || !call) return;
    this.answering.delete(event.id);
    if (call.kind === "custom") this.settle([call.id]);
    else call.confirmed = answer.yes ? "yes" : "no";
  }

  private settle(ids: readonly string[]): void {
    for (const id of ids) this.settled.set(id, (this.settled.get(id) ?? 0) + 1);
    this.facts.pending = this.facts.pending.filter(({ id }) => !ids.includes(id));
  }
}

test("a life that is driven comes to rest: every event was taken in once, every call settled once", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyAct, fc.nat({ max: 3 })), { maxLength: 30 }), (course) => {
      const life = new Life();
      const rest = () => {
        for (let steps = 0; life.step(); steps++) expect(steps, "steps until it rests").toBeLessThan(200);
      };
      for (const [act, steps] of course) {
        life.do(act);
        for (let index = 0; index < steps && life.step(); index++);
      }
      rest();
      // A message waits for the calls before it, and for nothing else.
      const { queue, pending } = life.facts;
      expect(queue.every(({ type }) => type === "message" && pending.length > 0)).toBe(true);
      // What is left waits for a person, and says for which calls.
      if (life.facts.pending.length > 0)
        expect(life.facts.stopReason).toEqual({
          type: "requires_action",
          event_ids: life.facts.pending
            .filter(
              ({ kind, permission, confirmed }) => kind === "custom" || (permission === "ask" && confirmed === null),
            )
            .map(({ id }) => id),
        });
      // Whoever answers all of them sees the end of the turn.
      for (let round = 0; life.facts.pending.length > 0; round++) {
        expect(round, "rounds of answers").toBeLessThan(50);
        life.do({ act: "confirm", yes: round % 2 === 0 });
        rest();
      }
      expect(life.facts.queue).toEqual([]);
      expect([...life.taken.values()].every((times) => times === 1)).toBe(true);
      expect(life.taken.size).toBe(life.sent);
      expect([...life.settled.values()].every((times) => times === 1)).toBe(true);
      expect(life.settled.size).toBe(life.called);
      expect(life.facts).toMatchObject({ status: "idle", stopReason: { type: "end_turn" } });
    }),
    { numRuns: 2_000 },
  );
});
