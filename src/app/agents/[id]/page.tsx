// `/agents/{id}`: one agent.
import type { Metadata } from "next";
import { AgentRoom } from "./agent-room.tsx";

export const metadata: Metadata = { title: "Agent" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <AgentRoom key={id} agentId={id} />;
}
