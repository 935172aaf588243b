// `/settings`: how the server is, and the way out.
import type { Metadata } from "next";
import { SettingsRoom } from "./settings-room.tsx";

export const metadata: Metadata = { title: "Settings" };

export default function Page() {
  return <SettingsRoom />;
}
