// `/network`: what sessions asked of the outside.
import type { Metadata } from "next";
import { NetworkRoom } from "./network-room.tsx";

export const metadata: Metadata = { title: "Network" };

export default function Page() {
  return <NetworkRoom />;
}
