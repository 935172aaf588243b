// `/vaults/{id}`: one vault.
import type { Metadata } from "next";
import { VaultRoom } from "./vault-room.tsx";

export const metadata: Metadata = { title: "Vault" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <VaultRoom key={id} vaultId={id} />;
}
