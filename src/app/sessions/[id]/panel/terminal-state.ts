// How a terminal's connection is, in words.

export type TerminalState =
  | { is: "connecting"; why: string | null }
  | { is: "open" }
  | { is: "lost"; why: string | null }
  | { is: "exited"; exitCode: number }
  | { is: "sandbox_ended" }
  | { is: "refused"; message: string };

export function terminalWords(state: TerminalState): string {
  switch (state.is) {
    case "connecting":
      return state.why ?? "Opening the terminal; the sandbox is woken if it sleeps…";
    case "open":
      return "Connected to the sandbox";
    case "lost":
      return state.why ?? "Connection lost. Trying again; the shell goes on.";
    case "exited":
      return `The shell ended with ${state.exitCode}.`;
    case "sandbox_ended":
      return "The sandbox ended. A new shell wakes it with its files.";
    case "refused":
      return state.message;
  }
}
