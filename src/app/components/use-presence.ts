// Says to this browser's other tabs that this one is on the screen, when they ask.
"use client";

import { useEffect } from "react";
import { answerWhileVisible } from "./tell-once.ts";

export function usePresence(): void {
  useEffect(() => answerWhileVisible(() => !document.hidden), []);
}
