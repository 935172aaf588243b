// Which models a gateway offers, with limits and prices: `/v1/models` and, where the key may read it, LiteLLM's `/model/info`.
import { z } from "zod";
import type { Clock } from "../lib/clock.ts";
import type { ModelPrices } from "./cost.ts";
import { ModelError } from "./errors.ts";
import type { ModelInfo } from "./model.ts";

const PRICES_FRESH_MS = 600_000;
/** After a failure prices are asked for again sooner, but not with every answer. */
const PRICES_RETRY_MS = 60_000;

/** Reads one JSON document of the gateway; throws `ModelError`. */
export type GetJson = (path: string, options: { timeoutMs: number }) => Promise<unknown>;

const count = z.number().nullish().catch(null);
const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      created: z.number().nullish().catch(null),
      owned_by: z.string().nullish().catch(null),
      max_input_tokens: count,
      max_output_tokens: count,
    }),
  ),
});
const modelInfoSchema = z.object({
  data: z.array(
    z.object({
      model_name: z.string(),
      model_info: z
        .object({
          input_cost_per_token: count,
          output_cost_per_token: count,
          cache_read_input_token_cost: count,
          cache_creation_input_token_cost: count,
          max_input_tokens: count,
          max_output_tokens: count,
        })
        .nullish()
        .catch(null),
    }),
  ),
});
type Details = { prices: ModelPrices | null; maxInputTokens: number | null; maxOutputTokens: number | null };

export type Catalog = {
  listModels(): Promise<ModelInfo[]>;
  /** Null when nobody knows the price. Never throws: a missing price must not fail an answer. */
  findPrices(model: string): Promise<ModelPrices | null>;
};

export function createCatalog({ getJson, clock, url }: { getJson: GetJson; clock: Clock; url: string }): Catalog {
  let details: Promise<Map<string, Details>> | null = null;
  let validUntil = 0;

  const loadDetails = (): Promise<Map<string, Details>> => {
    if (details === null || clock.now() >= validUntil) {
      validUntil = clock.now() + PRICES_FRESH_MS;
      details = readDetails(getJson).catch(() => {
        // Not LiteLLM, or the key may not read prices: then they are unknown.
        validUntil = clock.now() + PRICES_RETRY_MS;
        return new Map<string, Details>();
      });
    }
    return details;
  };

  return {
    async listModels() {
      const [answer, known] = await Promise.all([getJson("/v1/models", { timeoutMs: 10_000 }), loadDetails()]);
      return parseModels(answer, url).map((model) => {
        const extra = known.get(model.id);
        return {
          id: model.id,
          displayName: model.id,
          ownedBy: model.owned_by ?? "",
          createdAt: (model.created ?? 0) * 1_000,
          maxInputTokens: model.max_input_tokens ?? extra?.maxInputTokens ?? null,
          maxOutputTokens: model.max_output_tokens ?? extra?.maxOutputTokens ?? null,
          inputCostPerToken: extra?.prices?.input ?? null,
          outputCostPerToken: extra?.prices?.output ?? null,
        };
      });
    },
    async findPrices(model) {
      return (await loadDetails()).get(model)?.prices ?? null;
    },
  };
}

/** The entries of a `/v1/models` answer; throws `ModelError` when the address answers something else. */
export function parseModels(answer: unknown, url: string): z.infer<typeof modelsSchema>["data"] {
  const parsed = modelsSchema.safeParse(answer);
  if (!parsed.success) {
    throw new ModelError(
      "bad_request",
      `${url}/v1/models answers something else than a list of models. Check LITELLM_GATEWAY_URL: it must be the address of a LiteLLM (OpenAI-compatible) gateway.`,
    );
  }
  return parsed.data.data;
}

async function readDetails(getJson: GetJson): Promise<Map<string, Details>> {
  const answer = modelInfoSchema.parse(await getJson("/model/info", { timeoutMs: 5_000 }));
  const details = new Map<string, Details>();
  for (const { model_name: name, model_info: info } of answer.data) {
    const input = info?.input_cost_per_token ?? null;
    const output = info?.output_cost_per_token ?? null;
    const entry: Details = {
      // LiteLLM shows 0 for models whose price it does not know.
      prices:
        input === null || output === null || (input === 0 && output === 0)
          ? null
          : {
              input,
              output,
              cacheRead: info?.cache_read_input_token_cost ?? null,
              cacheCreation: info?.cache_creation_input_token_cost ?? null,
            },
      maxInputTokens: info?.max_input_tokens ?? null,
      maxOutputTokens: info?.max_output_tokens ?? null,
    };
    // Several deployments may share a name: the first that knows its price speaks for all.
    const earlier = details.get(name);
    if (earlier === undefined || (earlier.prices === null && entry.prices !== null)) details.set(name, entry);
  }
  return details;
}
