// The row of the models. A gateway that does not answer is no reason not to start: sessions say so, and go on once it does.
import { messageOf } from "../lib/errors.ts";
import { ask } from "./ask.ts";
import { renderFailure, type Terminal } from "./terminal.ts";

const ANSWER_WITHIN_MS = 8_000;

export async function showModels(options: {
  gatewayUrl: string | null;
  /** Answers `{ ready, message, modelCount }`. */
  script: string;
  env: Readonly<Record<string, string | undefined>>;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<void> {
  const { gatewayUrl, script, env, terminal, signal } = options;
  if (!gatewayUrl) {
    terminal.row({ name: "models", text: "demo model (set LITELLM_GATEWAY_URL to use yours)", state: "ready" });
    return;
  }
  const text = `gateway ${withoutCredentials(gatewayUrl)}`;
  terminal.row({ name: "models", text, state: "starting" });
  const state = await ask({ script, env, withinMs: ANSWER_WITHIN_MS }).catch((error: unknown) => ({
    ready: false,
    message: messageOf(error),
    modelCount: 0,
  }));
  if (signal.aborted) return;
  if (state.ready === true) {
    terminal.row({ name: "models", text: `${text} · ${String(state.modelCount)} models`, state: "ready" });
    return;
  }
  terminal.row({ name: "models", text, state: "failed" });
  const remedy = "Berth starts without it; sessions go on once it answers.";
  terminal.print(
    renderFailure({ what: "The gateway cannot be used yet.", why: String(state.message), remedy }, terminal.style),
  );
}

function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.search = "";
  return shown.href.replace(/\/$/, "");
}
