// Does what a typed command says.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { UpdateSessionInput } from "../../../contract/sessions.ts";
import { askForKeys } from "../../components/shortcut-help.tsx";
import { useBerth } from "../../providers.tsx";
import { type ExportFormat, exportFormatNames, exportFormats } from "./export/export-session.ts";
import type { SessionView } from "./session-view.ts";
import type { SlashCommand } from "./slash-command.ts";

type SlashCommandsOptions = {
  view: SessionView;
  /** Asks first: what cannot be undone is not done by a line of text alone. */
  onArchive: () => void;
  onExport: (format: ExportFormat) => Promise<void>;
};

export function useSlashCommands(sessionId: string, { view, onArchive, onExport }: SlashCommandsOptions) {
  const berth = useBerth();
  const queries = useQueryClient();

  async function update(input: UpdateSessionInput): Promise<void> {
    queries.setQueryData(["session", sessionId], await berth.sessions.update(sessionId, input));
  }
  async function carryOut({ name, argument }: SlashCommand): Promise<void> {
    switch (name) {
      case "archive":
        return onArchive();
      case "export":
        return onExport(parseFormat(argument));
      case "help":
        return askForKeys();
      case "interrupt":
        return void (await berth.events.send(sessionId, [{ type: "user.interrupt" }]));
      case "rename":
        return update({ title: argument === "" ? null : argument });
      case "model":
        if (argument === "") throw new Error("Which model? Write /model and its name.");
        return update({ agent: { model: argument } });
      case "copy":
        return copyText(lastAnswer(view));
    }
  }
  const act = useMutation({ mutationFn: carryOut });
  return {
    /** Whether it was done; a failure is told by `error`. */
    run: (command: SlashCommand): Promise<boolean> =>
      act.mutateAsync(command).then(
        () => true,
        () => false,
      ),
    error: act.error,
  };
}

/** Markdown when nothing is said. */
function parseFormat(argument: string): ExportFormat {
  const word = argument.toLowerCase();
  const found = exportFormatNames.find((name) => word === name || word === exportFormats[name].extension);
  if (!found && word !== "") throw new Error(`Write /export and one of ${exportFormatNames.join(", ")}.`);
  return found ?? "markdown";
}

function lastAnswer(view: SessionView): string {
  const answer = view.turns
    .flatMap((turn) => turn.items)
    .findLast((item) => item.kind === "agent_message" && item.state === "done");
  if (answer?.kind !== "agent_message") throw new Error("The agent has not answered yet.");
  return answer.text;
}

async function copyText(text: string): Promise<void> {
  // Browsers give the clipboard only to pages from localhost or over HTTPS.
  if (navigator.clipboard === undefined)
    throw new Error("This browser lets nobody copy here: the page is not on HTTPS.");
  await navigator.clipboard.writeText(text);
}
