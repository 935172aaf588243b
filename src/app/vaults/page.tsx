// `/vaults`: named sets of credentials.
import type { Metadata } from "next";
import { VaultsRoom } from "./vaults-room.tsx";

export const metadata: Metadata = { title: "Vaults" };

export default function Page() {
  return <VaultsRoom />;
}
