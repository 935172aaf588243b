// `/agents/new`: create an agent, empty, from a template (`?template=`) or as a copy (`?from=`).
import type { Metadata } from "next";
import { NewAgentRoom } from "./new-agent-room.tsx";

export const metadata: Metadata = { title: "New agent" };

type Search = { template?: string | string[]; from?: string | string[] };

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  const { template, from } = await searchParams;
  const templateId = typeof template === "string" ? template : null;
  const sourceId = typeof from === "string" ? from : null;
  return <NewAgentRoom key={`${templateId} ${sourceId}`} templateId={templateId} sourceId={sourceId} />;
}
