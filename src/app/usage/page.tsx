// `/usage`: what the team used.
import type { Metadata } from "next";
import { UsageRoom } from "./usage-room.tsx";

export const metadata: Metadata = { title: "Usage" };

export default function Page() {
  return <UsageRoom />;
}
