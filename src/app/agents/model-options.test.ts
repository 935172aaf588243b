// A model is found by any part of its name, and shown with what is known of it, no more.
import { expect, test } from "vitest";
import type { Model } from "../../client/models.ts";
import { matchModels, modelFacts } from "./model-options.ts";

const model = (id: string, known: Partial<Model> = {}): Model => ({
  type: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: null,
  max_tokens: null,
  input_usd_per_million_tokens: null,
  output_usd_per_million_tokens: null,
  ...known,
});
const models = ["vendor/sonnet-5", "sonnet-mini", "vendor/opus"].map((id) => model(id));

test.each([
  ["", ["vendor/sonnet-5", "sonnet-mini", "vendor/opus"]],
  ["son", ["sonnet-mini", "vendor/sonnet-5"]],
  ["5 VENDOR", ["vendor/sonnet-5"]],
  ["nothing", []],
])("typing %j finds %j", (typed, expected) => expect(matchModels(models, typed).map(({ id }) => id)).toEqual(expected));

test.each([
  [{}, ""],
  [{ max_input_tokens: 200_000, max_tokens: 8_192 }, "200k tokens in, 8.2k out"],
  [{ input_usd_per_million_tokens: 0.3, output_usd_per_million_tokens: 15 }, "$0.3 in, $15 out per million tokens"],
  [{ max_input_tokens: 1000, input_usd_per_million_tokens: 3 }, "1.0k tokens in · $3 in per million tokens"],
  [{ input_usd_per_million_tokens: 0, output_usd_per_million_tokens: 0 }, "free"],
])("of %j it says %j", (known, expected) => expect(modelFacts(model("x", known))).toBe(expected));
