// What a model request cost that ended without an answer: nobody sends counts for it, but the provider charges for it.
import type { SessionChanges } from "../db/events.ts";
import { ModelError, type ModelErrorKind } from "../models/errors.ts";
import type { ModelUsage } from "../models/model.ts";
import { estimateTextTokens } from "../models/tokens.ts";
import { toModelMessages } from "./model-messages.ts";
import { offeredMcp } from "./session-mcp.ts";
import type { Turn } from "./turn.ts";

/** The provider had the request, and may have worked on it. Other failures are refusals, which cost nothing. */
const CHARGED_KINDS: readonly ModelErrorKind[] = ["stream_interrupted", "timeout"];

type Charge = { usage?: ModelUsage; changes: SessionChanges; details: Record<string, unknown> };

/** `received` is the text that had arrived. `error` absent: the request was given up by us. */
export function isCharged({ received, error }: { received: string; error?: unknown }): boolean {
  if (received !== "" || error === undefined) return true;
  return error instanceof ModelError && CHARGED_KINDS.includes(error.kind);
}

/**
 * An estimate for the session's totals: the prompt, and what of the answer had arrived. Without a known price the
 * session's cost is incomplete from then on, never silently too low by a whole request.
 * After a worker's death what it had received is unknown and not counted; were the cost unknown instead, every session
 * with a budget would end at a restart.
 */
export async function chargeUnanswered(turn: Turn, received: string): Promise<Charge> {
  const { harness } = turn.deps;
  const { agent } = turn.facts;
  const usage: ModelUsage = {
    inputTokens: harness.estimatePrompt(agent, offeredMcp(turn), toModelMessages(turn.log.conversation)),
    outputTokens: estimateTextTokens(received),
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    reasoningTokens: 0,
  };
  const cost = await harness.priceOf(agent, usage);
  return {
    usage,
    changes: { usage, addCostUsd: cost.usd },
    details: { cost_usd: cost.usd, cost_source: cost.source, usage_source: "estimated" },
  };
}

export const NOT_CHARGED: Charge = { changes: {}, details: {} };
