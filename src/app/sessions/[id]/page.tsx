// `/sessions/{id}`: one session, live.
import type { Metadata } from "next";
import { SessionRoom } from "./session-room.tsx";

export const metadata: Metadata = { title: "Session" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <SessionRoom key={id} sessionId={id} />;
}
