// Whatever happened in a session, and however its log came: in pieces, twice, over broken connections; the view is the same.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamEvent } from "../../../contract/events.ts";
import { cutPreviews, foldEvents, type SequencedEvent } from "./fold-events.ts";
import {
  answer,
  call,
  confirm,
  delta,
  idle,
  items,
  requestEnd,
  requestStart,
  result,
  running,
  say,
  start,
} from "./made-up-events.ts";
import { emptyView, openCalls, type SessionView } from "./session-view.ts";

/** What may come next; numbers say which of the things before it is meant. */
const step = fc.oneof(
  fc.record({ do: fc.constantFrom("say", "queue") }),
  fc.record({ do: fc.constant("answer"), deltas: fc.nat(3) }),
  fc.record({ do: fc.constant("thought"), deltas: fc.nat(1) }),
  fc.record({ do: fc.constant("unfinished"), deltas: fc.nat(3) }),
  fc.record({ do: fc.constantFrom("allowed", "asked", "denied") }),
  fc.record({ do: fc.constantFrom("result", "failure", "allow", "deny", "accepted-allow"), of: fc.nat(5) }),
  fc.record({ do: fc.constantFrom("running", "request", "request-end", "requires-action", "idle") }),
  fc.record({ do: fc.constantFrom("error", "rescheduled", "interrupt", "title", "compacted", "forked") }),
  fc.record({ do: fc.constantFrom("rewound", "printed"), of: fc.nat(5) }),
);
type Step = { do: string; deltas?: number; of?: number };

/** Logs of steps in any order, sensible or not; ids are used once, as the server uses them. */
const anyLog = fc.array(step, { maxLength: 40, size: "max" }).map(toLog);

function toLog(steps: readonly Step[]): SequencedEvent[] {
  const events: StreamEvent[] = [];
  const calls: string[] = ["nobody"];
  const queued: string[] = [];
  const requests: string[] = ["none"];
  const said: string[] = ["nothing"];
  for (const [index, { do: what, deltas = 0, of = 0 }] of steps.entries()) {
    const id = `${what}-${index}`;
    const target = calls.at(-1 - (of % calls.length)) ?? "nobody";
    const preview = Array.from({ length: deltas }, (_, part) => delta(id, ` ${part}`));
    if (what === "say") {
      said.push(queued.shift() ?? id);
      events.push(say(said.at(-1) ?? id, "words"));
    } else if (what === "rewound") {
      const event_id = said.at(-1 - (of % said.length)) ?? "nothing";
      events.push({ id, type: "session.rewound", event_id, processed_at: time });
    } else if (what === "printed") events.push(printed(target, index));
    else if (what === "queue") {
      queued.push(id);
      events.push(say(id, "words", false));
    } else if (what === "answer") events.push(start(id), ...preview, answer(id, "whole"));
    else if (what === "unfinished") events.push(start(id), ...preview);
    else if (what === "thought") {
      events.push(start(id, "agent.thinking"), { id, type: "agent.thinking", processed_at: time });
    } else if (what === "allowed" || what === "asked" || what === "denied") {
      calls.push(id);
      events.push(call(id, ({ allowed: "allow", asked: "ask", denied: "deny" } as const)[what]));
    } else if (what === "result" || what === "failure") events.push(result(id, target, what === "failure"));
    else if (what === "allow" || what === "deny") events.push(confirm(id, target, what === "allow"));
    else if (what === "accepted-allow") events.push(confirm(id, target, true, false));
    else if (what === "running") events.push(running(id));
    else if (what === "request") {
      requests.push(id);
      events.push(requestStart(id));
    } else if (what === "request-end") events.push(requestEnd(id, requests.at(-1) ?? "none"));
    else if (what === "requires-action") events.push(idle(id, [target]));
    else if (what === "idle") events.push(idle(id));
    else events.push(oddEvent(what, id));
  }
  let seq = 0;
  return events.map((event) => ({ seq: event.type.startsWith("event_") ? null : ++seq, event }));
}

function printed(tool_use_id: string, index: number): StreamEvent {
  const text = `line ${index}`;
  const piece = { byte_offset: index * 10, byte_count: text.length };
  return {
    type: "event_delta",
    event_id: `result-of-${tool_use_id}`,
    tool_use_id,
    delta: { type: "content_delta", index: 0, content: { type: "text", text }, ...piece },
  };
}

const time = "2026-01-01T00:00:00.000Z";
function oddEvent(what: string, id: string): StreamEvent {
  const at = { id, processed_at: time };
  switch (what) {
    case "rescheduled":
      return { ...at, type: "session.status_rescheduled", reason: "worker_changed" };
    case "interrupt":
      return { ...at, type: "user.interrupt" };
    case "title":
      return { ...at, type: "session.updated", title: id };
    case "forked":
      return { ...at, type: "session.forked", session_id: "sesn_1", event_id: null };
    case "compacted":
      return { ...at, type: "agent.thread_context_compacted" };
    default: {
      const error = { type: "model_overloaded_error", message: "busy", retry_status: { type: "retrying" } } as const;
      return { ...at, type: "session.error", error };
    }
  }
}

const stored = (log: readonly SequencedEvent[]) => log.filter(({ seq }) => seq !== null);
/** What is stored, and the previews of what is shown of it. */
function settled(log: readonly SequencedEvent[], view: SessionView): SequencedEvent[] {
  const known = new Set(items(view).flatMap((item) => ("at" in item && item.at !== null ? [item.id] : [])));
  return log.filter(({ seq, event }) => seq !== null || (event.type === "event_start" && known.has(event.event.id)));
}
const ids = (view: SessionView) => [...items(view), ...view.queued].map(({ id }) => id);

test("any split of the stream gives the same view", () => {
  fc.assert(
    fc.property(anyLog, fc.array(fc.integer({ min: 1, max: 8 })), (log, sizes) => {
      let view = emptyView;
      let from = 0;
      for (const size of [...sizes, log.length]) {
        view = foldEvents(view, log.slice(from, from + size));
        from += size;
      }
      expect(view).toEqual(foldEvents(emptyView, log));
    }),
  );
});

test("re-delivery of anything stored, and of previews of what is stored, changes nothing at any time", () => {
  fc.assert(
    fc.property(anyLog, fc.array(fc.tuple(fc.nat(), fc.nat(9))), (log, again) => {
      let view = emptyView;
      for (const [index, entry] of log.entries()) {
        view = foldEvents(view, [entry]);
        const [from, count] = again[index % Math.max(1, again.length)] ?? [0, 0];
        const seen = settled(log.slice(0, index + 1), view);
        const first = seen.length === 0 ? 0 : from % seen.length;
        expect(foldEvents(view, seen.slice(first, first + count))).toEqual(view);
      }
    }),
  );
});

test("wherever the connection breaks, and from wherever it is resumed, the end is the same", () => {
  /** A preview whose message never came is there or not, by what was seen of it. */
  const kept = (view: SessionView) => ({
    ...view,
    turns: view.turns
      .map((turn) => ({
        ...turn,
        items: turn.items
          .filter((item) => item.kind !== "agent_message" || item.at !== null)
          // So is what a command printed whose result never came.
          .map((item) => (item.kind === "tool_call" ? { ...item, output: null } : item)),
      }))
      // One that only such a preview began.
      .filter((turn) => turn.items.length > 0 || turn.startedAt !== null || turn.endedAt !== null),
  });
  const withoutPreviewsAlone = anyLog.map((log) => {
    // A preview alone may begin a turn; then who did not see it has that turn begin later.
    const known = new Set(stored(log).map(({ event }) => ("id" in event ? event.id : "")));
    return log.filter(({ event }) => event.type !== "event_start" || known.has(event.event.id));
  });
  fc.assert(
    fc.property(withoutPreviewsAlone, fc.nat(), fc.nat(20), (log, breakAt, back) => {
      const cut = log.length === 0 ? 0 : breakAt % (log.length + 1);
      const before = cutPreviews(foldEvents(emptyView, log.slice(0, cut)));
      // The server sends what is stored after the place that it is told, which may be an earlier one.
      const place = Math.max(0, before.lastSeq - back);
      const rest = log.slice(cut);
      const resumed = foldEvents(before, [
        ...stored(log.slice(0, cut)).filter(({ seq }) => (seq ?? 0) > place),
        ...rest,
      ]);
      expect(kept(resumed)).toEqual(kept(foldEvents(emptyView, log)));
    }),
  );
});

describe("at any prefix of any log", () => {
  const anyView = fc
    .tuple(anyLog, fc.nat())
    .map(([log, cut]) => foldEvents(emptyView, log.slice(0, cut % (log.length + 1))));

  test("nothing is shown twice, and no turn but the last is open", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(new Set(ids(view)).size).toBe(ids(view).length);
        expect(view.turns.slice(0, -1).every(({ endedAt }) => endedAt !== null)).toBe(true);
      }),
    );
  });

  test("nothing is written any more in a turn that has ended, and what is open is in the last turn", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        for (const turn of view.turns) {
          if (turn.endedAt === null) continue;
          expect(turn.openRequests).toEqual([]);
        }
        const open = items(view).filter((item) => item.kind === "tool_call" && item.state === "asking");
        expect(openCalls(view, "asking").every((item) => open.includes(item))).toBe(true);
      }),
    );
  });

  test("a later fold leaves it as it was", () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), (log, at) => {
        const cut = at % (log.length + 1);
        const view = foldEvents(emptyView, log.slice(0, cut));
        const before = structuredClone(view);
        foldEvents(view, log.slice(cut));
        expect(view).toEqual(before);
      }),
    );
  });
});

test("an event of a type that this release does not know is passed over, whatever it holds", () => {
  const known = new Set(["event_start", "event_delta"]);
  const name = fc
    .oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "agent.dreamed"))
    .filter((type) => !known.has(type) && !/^(user|agent|session|span)\.(?!dreamed)/.test(type));
  fc.assert(
    fc.property(anyLog, name, fc.dictionary(fc.string(), fc.jsonValue()), (log, type, fields) => {
      const view = foldEvents(emptyView, log);
      // As it would come over the wire.
      const event = JSON.parse(JSON.stringify({ ...fields, type, id: "sevt_new" })) as StreamEvent;
      expect(foldEvents(view, [{ seq: view.lastSeq + 1, event }])).toEqual({ ...view, lastSeq: view.lastSeq + 1 });
    }),
  );
});
