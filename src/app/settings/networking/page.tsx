// `/settings/networking`: what the team's environments get, and what none of them may exceed.
import type { Metadata } from "next";
import { NetworkingRoom } from "./networking-room.tsx";

export const metadata: Metadata = { title: "Networking of the team" };

export default function Page() {
  return <NetworkingRoom />;
}
