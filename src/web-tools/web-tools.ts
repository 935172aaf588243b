// The port of what an agent's tools bring from the web. Adapter: `create-web-tools.ts`.

/** A call of `web_fetch` or `web_search`, with what the agent's definition says of it. Lists of domains: null where there is none. */
export type WebRequest =
  | { kind: "fetch"; url: string; domains: DomainRules; maxContentTokens: number | null }
  | { kind: "search"; query: string; domains: DomainRules };

/** `allowed`, `blocked`: hosts with all that is below them; for searches each may go on with a path. */
export type DomainRules = { allowed: readonly string[] | null; blocked: readonly string[] | null };

/** Whose request it is. */
export type WebCaller = { teamId: string; sessionId: string };

/**
 * What the model is told. `content` says where it comes from, and marks what others wrote. `whole`: all of it, where `content`
 * holds its beginning only; `path` is where it belongs in the session's workspace.
 */
export type WebAnswer = {
  outcome: "ok" | "failed";
  content: string;
  image?: { mediaType: string; data: string };
  whole?: { path: string; text: string };
};

export type WebTools = {
  /** False: no search service is configured, so that the tool is not offered. */
  readonly canSearch: boolean;
  /** Asks again where it is asked twice: nothing is changed by it. Throws only the signal's reason; every failure is an answer. */
  run(request: WebRequest, caller: WebCaller, signal: AbortSignal): Promise<WebAnswer>;
  /** A call that the caller does not let through leaves its audit line, too. */
  refuse(request: WebRequest, caller: WebCaller, why: string): WebAnswer;
};
