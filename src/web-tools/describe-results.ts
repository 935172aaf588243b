// What the model is told of a search.
import { markUntrusted } from "./mark-untrusted.ts";
import type { SearchResults } from "./search-web.ts";
import type { WebAnswer } from "./web-tools.ts";

export function describeResults(query: string, { results, outside }: SearchResults): WebAnswer {
  const leftOut =
    outside === 0 ? "" : ` ${outside} more ${outside === 1 ? "is" : "are"} not of the domains that this tool may show.`;
  const asked = JSON.stringify(query.slice(0, 300));
  if (results.length === 0) return { outcome: "ok", content: `The web search for ${asked} found nothing.${leftOut}` };
  const listed = results.map(({ title, url, snippet }, index) =>
    [`${index + 1}. ${title || "(no title)"}`, url, snippet].filter(Boolean).join("\n   "),
  );
  const count = `${results.length} ${results.length === 1 ? "result" : "results"}`;
  return {
    outcome: "ok",
    content: markUntrusted(`The web search for ${asked} found ${count}.${leftOut}`, listed.join("\n\n")),
  };
}
