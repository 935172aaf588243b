// `/dev/components`: every component and every state of each, for those who change them. Served with BERTH_DEV_PAGES=on only.
import type { Metadata } from "next";
import { ComponentsRoom } from "./components-room.tsx";

export const metadata: Metadata = { title: "Components" };

export default function Page() {
  return <ComponentsRoom />;
}
