// One worker's hold on one session: reads the log, asks `nextStep`, does it, until there is nothing left to do.
import { reachesAmount } from "../contract/money.ts";
import { type Claim, giveBackFailed } from "../db/leases.ts";
import { persistently } from "../db/persistently.ts";
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import { listSessionResources } from "../db/session-resources.ts";
import { getTurnFacts, type TurnFacts } from "../db/turn-facts.ts";
import { hasCode } from "../lib/errors.ts";
import { callModel, compact } from "./ask-model.ts";
import { repositoriesPrompt } from "./clone-repositories.ts";
import { COMPACT_AT } from "./compaction.ts";
import type { Conversation } from "./conversation.ts";
import { toModelMessages } from "./model-messages.ts";
import { lookAgainMs } from "./model-waits.ts";
import { factsOf, nextStep, type Step } from "./next-step.ts";
import type { OutputPreviews } from "./output-previews.ts";
import { needsSandbox, runTools } from "./run-tools.ts";
import { createSessionLog } from "./session-log.ts";
import { createSessionMcp, offeredMcp } from "./session-mcp.ts";
import { createSessionSandbox } from "./session-sandbox.ts";
import * as settle from "./settle-turn.ts";
import { isTrusted, type Turn, type TurnDependencies } from "./turn.ts";

/**
 * How a hold ended: given back · to be given back by the caller, as the worker stops or has held it alone for long enough ·
 * another worker has it · an error of ours (given back, to be tried again).
 */
export type HoldEnd =
  | { how: "rested"; wakeAt: number | null }
  | { how: "stopped" }
  | { how: "lost" }
  | { how: "failed" };

export type SessionHold = {
  readonly claim: Claim;
  /** The log may have grown to `lastSeq`: an interrupt takes effect at once. */
  wake(lastSeq: number): void;
  /** Somebody watches who heard nothing of the commands that run. */
  repeatPreviews(): void;
  /** Lets a model request that is under way come to its end and begins nothing that takes long; else stops at once. */
  drain(): void;
  /** Ends the work without a trace: the lease is lost, or will be given back by the caller. */
  stop(reason: "lost" | "stopped"): void;
  /** When it began to wait for tools; null while it does something else. Waiting can be left and taken up again. */
  readonly waitingSince: number | null;
  /** Never rejects. */
  readonly done: Promise<HoldEnd>;
};

const FAILED_DELAY_MS = 1_000;
const MAX_FAILED_DELAY_MS = 30_000;

export function holdSession(deps: TurnDependencies, claim: Claim): SessionHold {
  const { sessionId, fence } = claim;
  const logger = deps.logger.child({ sessionId, epoch: fence.epoch });
  const stopping = new AbortController();
  let stopReason: "lost" | "stopped" = "stopped";
  /** A model request is under way: whoever makes it again pays for it again. */
  let asking = false;
  let draining = false;
  let current: AbortController | null = null;
  const outputs = new Set<OutputPreviews>();
  let failuresBefore = 0;
  let waitingSince: number | null = null;
  const log = createSessionLog({
    db: deps.db,
    sessionId,
    fence,
    clock: deps.clock,
    logger,
    signal: stopping.signal,
    onLogGrew: (wakeup) => deps.notifier.logGrew(wakeup),
  });

  function interruptWaits(): boolean {
    for (const event of log.conversation.queued.values()) if (event.type === "user.interrupt") return true;
    return false;
  }

  async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    current = controller;
    if (interruptWaits()) controller.abort(new Error("interrupted by the user"));
    try {
      return await work(AbortSignal.any([stopping.signal, controller.signal]));
    } finally {
      current = null;
    }
  }

  async function look(lastSeq: number): Promise<void> {
    await log.catchUp();
    if (interruptWaits()) current?.abort(new Error("interrupted by the user"));
    // A log that is shorter than was told belongs to a session that is gone.
    if (lastSeq > log.conversation.lastSeq) await readFacts();
  }

  function stop(reason: "lost" | "stopped"): void {
    stopReason = reason;
    stopping.abort(new Error(reason === "lost" ? "the lease is lost" : "the worker stops"));
  }

  async function readFacts(): Promise<TurnFacts> {
    const read = async () => {
      const facts = await getTurnFacts(deps.db, { sessionId, fence });
      const repositories = repositoriesPrompt(await listSessionResources(deps.db, { teamId: facts.teamId, sessionId }));
      const system = [facts.agent.system?.trim(), repositories].filter(Boolean).join("\n\n");
      return repositories === "" ? facts : { ...facts, agent: { ...facts.agent, system } };
    };
    return persistently(read, { clock: deps.clock, signal: stopping.signal, logger });
  }

  async function hold(): Promise<HoldEnd> {
    await log.catchUp();
    let facts = await readFacts();
    failuresBefore = facts.failuresAlone;
    let decidedAt = 0;
    const turn: Turn = {
      deps,
      claim,
      log,
      logger,
      get decidedAt() {
        return decidedAt;
      },
      get facts() {
        return facts;
      },
      inherited: new Set(startableCalls(log.conversation)),
      sandbox: createSessionSandbox({
        db: deps.db,
        backend: deps.backend,
        spec: deps.sandboxSpec,
        sessionId,
        teamId: () => facts.teamId,
        fence,
        snapshots: deps.snapshots,
        onLogGrew: (wakeup) => deps.notifier.logGrew(wakeup),
        clock: deps.clock,
        logger,
        signal: stopping.signal,
      }),
      mcp: createSessionMcp({
        db: deps.db,
        access: deps.mcp,
        sessionId,
        teamId: facts.teamId,
        fence,
        agent: () => facts.agent,
        clock: deps.clock,
        logger,
        signal: stopping.signal,
      }),
      stopped: stopping.signal,
      outputs,
      interruptible,
      async refreshFacts() {
        facts = await readFacts();
      },
    };
    if (log.conversation.status === "running") await settle.takeUp(turn);
    try {
      return await advance(turn, ({ step, seq }) => {
        if (draining && LONG_STEPS.has(step.do)) return "let-go";
        decidedAt = seq;
        waitingSince = step.do === "run-tools" ? deps.clock.now() : null;
        asking = step.do === "call-model" || step.do === "compact";
        return "take";
      });
    } finally {
      // Nobody waits for it: the session may be another worker's already.
      void turn.mcp.close();
    }
  }

  async function end(error: unknown): Promise<HoldEnd> {
    if (stopping.signal.aborted) return { how: stopReason };
    if (hasCode(error, "lease_lost")) return { how: "lost" };
    logger.error({ err: error }, "a session's work failed");
    try {
      const delayMs = Math.min(FAILED_DELAY_MS * 2 ** failuresBefore, MAX_FAILED_DELAY_MS);
      await giveBackFailed(deps.db, { sessionId, fence, delayMs });
    } catch (failure) {
      logger.warn({ err: failure }, "a session could not be given back; that is made up for at the next look");
    }
    return { how: "failed" };
  }

  return {
    claim,
    wake(lastSeq) {
      if (lastSeq > 0 && lastSeq <= log.conversation.lastSeq) return;
      look(lastSeq).catch((error: unknown) => {
        if (hasCode(error, "lease_lost")) stop("lost");
        else if (!stopping.signal.aborted) logger.debug({ err: error }, "a wake-up could not be followed");
      });
    },
    repeatPreviews() {
      for (const output of outputs) output.repeat();
    },
    drain() {
      draining = true;
      if (!asking) stop("stopped");
    },
    stop,
    get waitingSince() {
      return waitingSince;
    },
    done: hold().catch(end),
  };
}

/** Calls that nobody has to be asked about any more. */
function startableCalls({ pending }: Conversation): string[] {
  return [...pending.values()]
    .filter((call) => call.permission === "allow" || call.confirmation?.allow === true)
    .map((call) => call.id);
}

type Decision = {
  step: Step;
  /** Where the log ended when the step was chosen. */
  seq: number;
};

const LONG_STEPS: ReadonlySet<Step["do"]> = new Set(["call-model", "compact", "run-tools"]);

/** Step after step. */
async function advance(turn: Turn, onDecide: (decision: Decision) => "take" | "let-go"): Promise<HoldEnd> {
  const { log } = turn;
  let factsSeq = log.conversation.lastSeq;
  for (;;) {
    turn.stopped.throwIfAborted();
    if (log.conversation.updatedSeq > factsSeq) {
      factsSeq = log.conversation.lastSeq;
      await turn.refreshFacts();
    }
    const decision = await decide(turn);
    const { step } = decision;
    // Before a step that may take long, when nothing is under way that would have to be done again.
    if (turn.deps.alone && isTrusted(turn) && LONG_STEPS.has(step.do)) return { how: "stopped" };
    if (onDecide(decision) === "let-go") return { how: "stopped" };
    turn.logger.debug({ step: step.do }, "next step");
    const settled = await take(turn, step);
    if (settled === "released") return { how: "rested", wakeAt: step.do === "rest-until" ? step.at : null };
    if (settled === "stale") await catchUpOrFail(turn);
  }
}

/** The prompt is measured only when it is about to be sent. */
async function decide(turn: Turn): Promise<Decision> {
  const first = chooseStep(turn, false);
  if (first.step.do !== "call-model" || !(await promptTooLong(turn))) return first;
  return chooseStep(turn, true);
}

/** Without waiting in between, so that `seq` is what the step was chosen by. */
function chooseStep(turn: Turn, promptTooLong: boolean): Decision {
  const { conversation } = turn.log;
  const { archived, failuresAlone } = turn.facts;
  const known = { archived, failuresAlone, budgetReached: budgetReached(turn.facts), now: turn.deps.clock.now() };
  return { step: nextStep(factsOf(conversation, { ...known, promptTooLong })), seq: conversation.lastSeq };
}

async function promptTooLong(turn: Turn): Promise<boolean> {
  const { harness } = turn.deps;
  const limit = await harness.inputLimit(turn.facts.agent);
  if (limit === null) return false;
  const messages = toModelMessages(turn.log.conversation);
  return harness.estimatePrompt(turn.facts.agent, offeredMcp(turn), messages) > limit * COMPACT_AT;
}

/** A budget can't be kept with a model whose price nobody knows. */
function budgetReached({ budget, costUsd, costComplete }: TurnFacts): boolean {
  if (!budget) return false;
  return !costComplete || reachesAmount(costUsd, { amount: budget.max_list_cost.amount, currency: "USD" });
}

async function take(turn: Turn, step: Step): Promise<settle.Settled> {
  switch (step.do) {
    case "rest":
      return settle.rest(turn, null);
    case "rest-until":
      return settle.rest(turn, step.at);
    case "interrupt":
      return settle.interrupt(turn, step.eventIds);
    case "wait-for-action":
      return settle.waitForAction(turn, step.eventIds);
    case "end-turn":
      return settle.endTurn(turn, step.stopReason);
    case "give-up":
      return settle.giveUp(turn, step.eventIds);
    case "terminate":
      await settle.terminate(turn, step.message);
      return "released";
    case "close-request":
      await settle.closeRequest(turn, step.requestId);
      return "held";
    case "take-in":
      return settle.takeIn(turn, step);
    case "fail-turn":
      await settle.failTurn(turn, step);
      return "held";
    case "run-tools":
      return inSandbox(turn, step);
    case "compact":
      return atModel(turn, (onHeard) => compact(turn, onHeard));
    case "call-model":
      return atModel(turn, (onHeard) => callModel(turn, onHeard));
  }
}

/** Where the team runs as many sandboxes as it may, the session gives its place to others, and looks again later. */
async function inSandbox(turn: Turn, step: Extract<Step, { do: "run-tools" }>): Promise<settle.Settled> {
  const { claim, deps, facts } = turn;
  if (deps.teamSandboxes !== null && needsSandbox(turn, step)) {
    const about = { sessionId: claim.sessionId, teamId: facts.teamId, limit: deps.teamSandboxes };
    const place = await persistently(() => askForSandboxPlace(deps.db, about), {
      ...{ clock: deps.clock, logger: turn.logger, signal: turn.stopped },
    });
    if (!place.granted) return settle.waitElsewhere(turn, "sandbox_limit", deps.clock.now() + lookAgainMs(place.ahead));
  }
  await runTools(turn, step);
  return "held";
}

/** Where too many requests to the model are under way, the session gives its place to others, and looks again later. */
async function atModel(turn: Turn, ask: (onHeard: () => void) => Promise<void>): Promise<settle.Settled> {
  const { claim, deps, facts } = turn;
  if (!deps.modelWaits) {
    await ask(() => undefined);
    return "held";
  }
  const wait = deps.modelWaits.enter({ sessionId: claim.sessionId, model: facts.agent.model.id });
  if ("waitMs" in wait) return settle.waitElsewhere(turn, "model_busy", deps.clock.now() + wait.waitMs);
  try {
    await ask(() => wait.heard());
    return "held";
  } finally {
    wait.leave();
  }
}

/** A guarded write was refused: the log has grown, or the lease is lost. */
async function catchUpOrFail(turn: Turn): Promise<void> {
  const before = turn.log.conversation.lastSeq;
  await turn.log.catchUp();
  if (turn.log.conversation.lastSeq === before) await turn.refreshFacts();
}
