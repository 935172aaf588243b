// `/environments/{id}`: one environment.
import type { Metadata } from "next";
import { EnvironmentRoom } from "./environment-room.tsx";

export const metadata: Metadata = { title: "Environment" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <EnvironmentRoom key={id} environmentId={id} />;
}
