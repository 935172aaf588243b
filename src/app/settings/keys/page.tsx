// `/settings/keys`: the team's API keys.
import type { Metadata } from "next";
import { KeysRoom } from "./keys-room.tsx";

export const metadata: Metadata = { title: "API keys" };

export default function Page() {
  return <KeysRoom />;
}
