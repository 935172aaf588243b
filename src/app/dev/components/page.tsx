// `/dev/components`: every component and every state of each, for those who change them. Only with BERTH_DEV_PAGES=on.
import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { DEV_HEADER } from "../dev-header.ts";
import { ComponentsRoom } from "./components-room.tsx";

export const metadata: Metadata = { title: "Components" };

export default async function Page() {
  if ((await headers()).get(DEV_HEADER) !== "on") notFound();
  return <ComponentsRoom />;
}
