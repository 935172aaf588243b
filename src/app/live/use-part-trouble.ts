// What keeps parts of this page from being there, if anything does.
"use client";

import { useSyncExternalStore } from "react";
import { onPartTrouble, type PartTrouble, partTrouble } from "./load-part.ts";

export function usePartTrouble(): PartTrouble | null {
  return useSyncExternalStore(onPartTrouble, partTrouble, () => null);
}
