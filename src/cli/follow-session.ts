// Follows a session until its agent rests: shows what happens, asks a person where one sits there, interrupts on Ctrl-C.
import { ApiError } from "../client/api-error.ts";
import type { BerthClient } from "../client/berth.ts";
import type { StreamedEvent } from "../client/stream-events.ts";
import type { EventInput } from "../contract/events.ts";
import { isPreview } from "../contract/previews.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Printer } from "./printer.ts";
import { callExactly } from "./show-call.ts";
import type { Terminal } from "./terminal.ts";
import { createTurnWatch, type OpenCall, type Outcome, takesConfirmation } from "./turn-watch.ts";

/** One Ctrl-C arrives several times: from the terminal, from npm, from the start script. */
const SAME_INTERRUPT_MS = 300;

export type FollowOptions = {
  client: { events: Pick<BerthClient["events"], "send" | "stream"> };
  terminal: Terminal;
  sessionId: string;
  printer: Printer;
  clock?: Pick<Clock, "now">;
  /** Text is shown while it is written. */
  previews: boolean;
  /** Events before the one with this id are read but not shown; null shows all. */
  showFrom: string | null;
  /** Until this event the log is history, and no rest in it counts; null: from the first event on. */
  liveFrom: string | null;
  /** Ends when the agent rests; else only a person ends it. */
  endsAtRest: boolean;
  /** A person is asked about tool calls. */
  asks: boolean;
  /** Ctrl-C interrupts the agent first; else it only ends the reading. */
  interrupts: boolean;
};

export type Followed = Outcome | { kind: "detached"; resting: boolean };

export async function followSession(options: FollowOptions): Promise<Followed> {
  const { client, terminal, sessionId, printer } = options;
  const watch = createTurnWatch();
  const leaving = new AbortController();
  let shows = options.showFrom === null;
  let live = options.liveFrom === null;
  let result: Followed | null = null;
  const failures: unknown[] = [];
  let question: { callId: string; withdraw: () => void } | null = null;
  const answered = new Set<string>();

  function finish(how: Followed): void {
    result ??= how;
    leaving.abort();
  }
  function fail(error: unknown): void {
    failures.push(error);
    leaving.abort();
  }

  function takeEvents(batch: StreamedEvent[]): void {
    for (const { seq, event } of batch) {
      if (seq !== null && "id" in event) {
        shows ||= event.id === options.showFrom;
        live ||= event.id === options.liveFrom;
      }
      if (!isPreview(event)) watch.take(event);
      if (shows) printer.take(event);
    }
    settle();
  }

  function settle(): void {
    if (!live || result) return;
    const outcome = watch.outcome();
    if (outcome?.kind === "waiting" && options.asks) {
      // The event of an answer that was sent is on its way.
      if (outcome.calls.some((call) => answered.has(call.id))) return;
      const next = outcome.calls.find(takesConfirmation);
      if (question && question.callId !== next?.id) question.withdraw();
      else if (next && !question) askAbout(next).catch(fail);
      if (next) return;
    } else question?.withdraw();
    if (outcome && options.endsAtRest) finish(outcome);
  }

  async function askAbout(call: OpenCall): Promise<void> {
    const asking = new AbortController();
    question = { callId: call.id, withdraw: () => asking.abort() };
    const signal = AbortSignal.any([asking.signal, leaving.signal]);
    try {
      const answer = await askPermission(terminal, call, signal);
      if (answer) {
        answered.add(call.id);
        await client.events.send(sessionId, [answer]);
      } else if (!signal.aborted) finish({ kind: "waiting", calls: [call] });
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof ApiError && error.status === 400)) throw error;
      terminal.note(`${error.message}\n`);
    } finally {
      question = null;
    }
    settle();
  }

  let interrupts = 0;
  let lastInterrupt = Number.NEGATIVE_INFINITY;
  const stopListening = terminal.onInterrupt(() => {
    const now = (options.clock ?? systemClock).now();
    const repeated = now - lastInterrupt < SAME_INTERRUPT_MS;
    lastInterrupt = now;
    if (repeated) return;
    interrupts += 1;
    const outcome = watch.outcome();
    const rests = live && outcome !== null && outcome.kind !== "waiting";
    if (!options.interrupts || interrupts > 1 || rests) return finish({ kind: "detached", resting: rests });
    terminal.note("\nInterrupting …  (Ctrl-C again leaves the agent to its work)\n");
    client.events.send(sessionId, [{ type: "user.interrupt" }]).catch(fail);
  });

  try {
    await client.events.stream({
      sessionId,
      after: 0,
      deltas: options.previews,
      signal: leaving.signal,
      onEvents: takeEvents,
      onState(state) {
        if (state === "waiting") {
          printer.cut();
          terminal.note("The connection is lost; trying again …\n");
        }
      },
    });
  } finally {
    stopListening();
    leaving.abort();
    printer.cut();
  }
  if (failures.length > 0) throw failures[0];
  return result ?? watch.outcome() ?? { kind: "failed", why: "The session was deleted." };
}

/** Null when nobody answers, or the question is withdrawn. */
async function askPermission(
  terminal: Terminal,
  call: OpenCall,
  signal: AbortSignal,
): Promise<Extract<EventInput, { type: "user.tool_confirmation" }> | null> {
  const { paint } = terminal;
  terminal.note(`${paint("The agent asks to run:", "yellow")} ${callExactly(call)}\n`);
  for (;;) {
    const answer = (
      await terminal.ask("Allow it? [y]es, [a]lways in this session, [n]o, or no with a reason: ", signal)
    )?.trim();
    if (answer === undefined) return null;
    if (answer === "") continue;
    const about = { type: "user.tool_confirmation", tool_use_id: call.id } as const;
    if (/^y(es)?$/i.test(answer)) return { ...about, result: "allow" };
    if (/^a(lways)?$/i.test(answer)) return { ...about, result: "allow", remember: true };
    const reason = /^no?$/i.test(answer) ? null : answer.replace(/^no?[,:]?\s+/i, "");
    return { ...about, result: "deny", ...(reason ? { deny_message: reason } : {}) };
  }
}
