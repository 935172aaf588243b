// `/environments`: where sessions run.
import type { Metadata } from "next";
import { EnvironmentsRoom } from "./environments-room.tsx";

export const metadata: Metadata = { title: "Environments" };

export default function Page() {
  return <EnvironmentsRoom />;
}
