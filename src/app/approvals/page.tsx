// `/approvals`: everything that waits for a person, across sessions.
import type { Metadata } from "next";
import { ApprovalsRoom } from "./approvals-room.tsx";

export const metadata: Metadata = { title: "Approvals" };

export default function Page() {
  return <ApprovalsRoom />;
}
