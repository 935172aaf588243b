// `/running`: what is running now, for whoever operates this installation.
import type { Metadata } from "next";
import { RunningRoom } from "./running-room.tsx";

export const metadata: Metadata = { title: "Running now" };

export default function Page() {
  return <RunningRoom />;
}
