// `/environments/new`: create an environment.
import type { Metadata } from "next";
import { NewEnvironmentRoom } from "./new-environment-room.tsx";

export const metadata: Metadata = { title: "New environment" };

export default function Page() {
  return <NewEnvironmentRoom />;
}
