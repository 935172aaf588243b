// For a newcomer: an agent that waits, what could be said to it, and one button that says it.
"use client";

import { firstMessageOf } from "../../contract/first-message.ts";
import { visibleExactly } from "../../lib/visible-text.ts";
import { Name } from "../components/name.tsx";
import { TryAgentButton } from "./try-agent-button.tsx";
import { useAgents } from "./use-agents.ts";

export function FirstSessionCard() {
  const agent = useAgents().data?.find((each) => firstMessageOf(each) !== null);
  const message = agent ? firstMessageOf(agent) : null;
  if (!agent || message === null) return null;
  return (
    <section
      aria-label="A first session"
      className="grid w-full justify-items-start gap-2 rounded-md border border-line bg-panel p-4 text-left"
    >
      <h3 className="font-semibold text-text">
        <Name text={agent.name} /> is waiting
      </h3>
      <p className="wrap-anywhere">“{visibleExactly(message)}”</p>
      <TryAgentButton agent={agent} message={message} look="primary" />
    </section>
  );
}
