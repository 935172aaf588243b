// `/settings/licences`: what Berth is built with.
import type { Metadata } from "next";
import { LicencesRoom } from "./licences-room.tsx";

export const metadata: Metadata = { title: "Licences" };

export default function Page() {
  return <LicencesRoom />;
}
