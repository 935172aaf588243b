// Does what a typed command says.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useBerth } from "../../providers.tsx";
import type { SlashCommand } from "./slash-command.ts";

/** `onArchive` asks first: what cannot be undone is not done by a line of text alone. */
export function useSlashCommands(sessionId: string, { onArchive }: { onArchive: () => void }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: async ({ name, argument }: SlashCommand) => {
      if (name === "archive") onArchive();
      else if (name === "interrupt") await berth.events.send(sessionId, [{ type: "user.interrupt" }]);
      else {
        const session = await berth.sessions.update(sessionId, { title: argument === "" ? null : argument });
        queries.setQueryData(["session", sessionId], session);
      }
    },
  });
  return { run: (command: SlashCommand) => act.mutate(command), error: act.error };
}
