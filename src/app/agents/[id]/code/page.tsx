// `/agents/{id}/code`: how a program talks to this agent.
import type { Metadata } from "next";
import { CodeRoom } from "./code-room.tsx";

export const metadata: Metadata = { title: "Use from code" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <CodeRoom key={id} agentId={id} />;
}
