// `/sessions/new`: start a session.
import type { Metadata } from "next";
import { NewSessionForm } from "./new-session-form.tsx";

export const metadata: Metadata = { title: "New session" };

export default async function Page({ searchParams }: { searchParams: Promise<{ agent?: string | string[] }> }) {
  const { agent } = await searchParams;
  return <NewSessionForm agentId={typeof agent === "string" ? agent : null} />;
}
