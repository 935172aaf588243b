// `/agents`: all agents.
import type { Metadata } from "next";
import { AgentsRoom } from "./agents-room.tsx";

export const metadata: Metadata = { title: "Agents" };

export default function Page() {
  return <AgentsRoom />;
}
