// Frame of `/sessions/…`.
import type { ReactNode } from "react";
import { SessionsFrame } from "./sessions-frame.tsx";

export default function Layout({ children }: { children: ReactNode }) {
  return <SessionsFrame>{children}</SessionsFrame>;
}
