// `/sessions/{id}/ports/{port}`: leads to the app that listens there, at its own origin.
import type { Metadata } from "next";
import { OpenPort } from "./open-port.tsx";

export const metadata: Metadata = { title: "Port" };

export default async function Page({ params }: { params: Promise<{ id: string; port: string }> }) {
  const { id, port } = await params;
  return <OpenPort sessionId={id} port={Number(port)} />;
}
