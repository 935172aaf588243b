// The commands, and for `/model` the gateway's models, that what is typed may become.
"use client";

import { matchModels, modelFacts } from "../../agents/model-options.ts";
import { useModels } from "../../agents/use-models.ts";
import { slashCommands, suggestSlash } from "./slash-command.ts";

/** `text`: what the composer holds once the hint is taken. */
export type SlashHint = { text: string; argument: string | null; what: string };

const MAX_MODELS = 50;

export function useSlashHints(text: string): SlashHint[] {
  const [, typed] = /^\/model\s([^\n]*)$/.exec(text) ?? [];
  const models = useModels({ enabled: typed !== undefined });
  if (typed !== undefined && models.data) {
    const found = matchModels(models.data.data, typed).slice(0, MAX_MODELS);
    return found.map((model) => ({ text: `/model ${model.id}`, argument: null, what: modelFacts(model) }));
  }
  return suggestSlash(text).map((name) => {
    const { argument, what } = slashCommands[name];
    return { text: `/${name}${argument ? " " : ""}`, argument, what };
  });
}
