// `/v1/models`: what the gateway offers, in the shape of the API's model list.
import { z } from "zod";
import { PlatformError } from "../lib/errors.ts";
import type { Routes } from "./route.ts";

/** The part of the model client that this needs. */
export type ModelCatalog = {
  listModels(): Promise<
    readonly {
      id: string;
      displayName: string;
      createdAt: number;
      maxInputTokens: number | null;
      maxOutputTokens: number | null;
      /** US dollars. */
      inputCostPerToken: number | null;
      outputCostPerToken: number | null;
    }[]
  >;
};

const modelObject = z.object({
  type: z.literal("model"),
  id: z.string(),
  display_name: z.string(),
  created_at: z.string(),
  max_input_tokens: z.number().nullable(),
  max_tokens: z.number().nullable(),
  lifecycle: z.literal("active"),
  line: z.null(),
  capabilities: z.null(),
  deprecated_at: z.null(),
  retires_at: z.null(),
  allowed_fallback_models: z.null(),
  // Ours: what the gateway charges, where it says so.
  input_usd_per_million_tokens: z.number().nullable(),
  output_usd_per_million_tokens: z.number().nullable(),
});
type Model = z.infer<typeof modelObject>;

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  after_id: z.string().optional(),
  before_id: z.string().optional(),
});
const DEFAULT_PAGE = 20;

export function modelRoutes(routes: Routes, catalog: ModelCatalog): void {
  const tag = "Models";
  const all = async (): Promise<Model[]> => (await catalog.listModels()).map(toModel);
  routes.read(
    {
      method: "get",
      path: "/v1/models",
      tag,
      summary: "List the gateway's models",
      query: listQuery,
      answer: z.object({
        data: z.array(modelObject),
        has_more: z.boolean(),
        first_id: z.string().nullable(),
        last_id: z.string().nullable(),
      }),
    },
    async ({ query }) => pageOfModels(await all(), query),
  );
  routes.read(
    { method: "get", path: "/v1/models/{model_id}", tag, summary: "Read one model", answer: modelObject },
    async ({ params }) => {
      const id = params("model_id");
      const model = (await all()).find((candidate) => candidate.id === id);
      if (!model) throw new PlatformError("not_found", `The gateway has no model ${id}.`);
      return model;
    },
  );
}

export function pageOfModels(
  models: readonly Model[],
  query: { limit?: number | undefined; after_id?: string | undefined; before_id?: string | undefined },
): { data: Model[]; has_more: boolean; first_id: string | null; last_id: string | null } {
  const limit = query.limit ?? DEFAULT_PAGE;
  const indexOf = (id: string) => models.findIndex((model) => model.id === id);
  const from = query.after_id === undefined ? 0 : indexOf(query.after_id) + 1;
  const end = query.before_id === undefined ? models.length : Math.max(0, indexOf(query.before_id));
  const within = models.slice(from, end);
  const data = query.before_id === undefined ? within.slice(0, limit) : within.slice(-limit);
  return {
    data,
    has_more: data.length < within.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

function toModel(info: Awaited<ReturnType<ModelCatalog["listModels"]>>[number]): Model {
  return {
    type: "model",
    id: info.id,
    display_name: info.displayName,
    created_at: new Date(info.createdAt).toISOString(),
    max_input_tokens: info.maxInputTokens,
    max_tokens: info.maxOutputTokens,
    lifecycle: "active",
    line: null,
    capabilities: null,
    deprecated_at: null,
    retires_at: null,
    allowed_fallback_models: null,
    input_usd_per_million_tokens: perMillion(info.inputCostPerToken),
    output_usd_per_million_tokens: perMillion(info.outputCostPerToken),
  };
}

/** Without the dust of binary fractions: 0.0000003 a token is 0.3 a million. */
function perMillion(perToken: number | null): number | null {
  return perToken === null ? null : Number((perToken * 1_000_000).toPrecision(12));
}
