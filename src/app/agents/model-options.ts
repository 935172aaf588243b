// Which models match what was typed, and what is known of each in a few words. Pure.
import type { Model } from "../../client/models.ts";
import { formatCount } from "../components/format.ts";

/** Every word has to occur, in any order; names that begin with what was typed come first. */
export function matchModels(models: readonly Model[], typed: string): Model[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (model: Model) => `${model.id} ${model.display_name}`.toLowerCase();
  const found = models.filter((model) => words.every((word) => textOf(model).includes(word)));
  const begins = (model: Model) => textOf(model).startsWith(words[0] ?? "");
  return [...found.filter(begins), ...found.filter((model) => !begins(model))];
}

/** "200k tokens in, 8.0k out · $3 in, $15 out per million tokens"; empty when nothing is known. */
export function modelFacts(model: Model): string {
  const limits = [
    model.max_input_tokens === null ? null : `${formatCount(model.max_input_tokens)} tokens in`,
    model.max_tokens === null ? null : `${formatCount(model.max_tokens)} out`,
  ].filter((part) => part !== null);
  const [input, output] = [model.input_usd_per_million_tokens, model.output_usd_per_million_tokens];
  const prices = [
    input === null ? null : `${dollars(input)} in`,
    output === null ? null : `${dollars(output)} out`,
  ].filter((part) => part !== null);
  const price =
    input === 0 && output === 0 ? "free" : prices.length > 0 ? `${prices.join(", ")} per million tokens` : "";
  return [limits.join(", "), price].filter(Boolean).join(" · ");
}

function dollars(amount: number): string {
  return `$${Number.isInteger(amount) ? amount : Number(amount.toPrecision(3))}`;
}
