// `/agents/new`: create an agent.
import type { Metadata } from "next";
import { NewAgentRoom } from "./new-agent-room.tsx";

export const metadata: Metadata = { title: "New agent" };

export default function Page() {
  return <NewAgentRoom />;
}
