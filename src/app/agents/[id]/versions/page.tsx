// `/agents/{id}/versions`: what an agent was, and how it differs from now.
import type { Metadata } from "next";
import { VersionsRoom } from "./versions-room.tsx";

export const metadata: Metadata = { title: "Versions" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <VersionsRoom key={id} agentId={id} />;
}
