// Files that are dropped anywhere on the page. Without it the browser would leave the page to show the file.
"use client";

import { useEffect, useEffectEvent, useState } from "react";

/** `onFiles` null: nothing is taken, and nothing is lost either. Places with a use of their own for files come first. */
export function usePageDrops(onFiles: ((files: File[]) => void) | null): { dropping: boolean } {
  const [dropping, setDropping] = useState(false);
  const over = useEffectEvent((event: DragEvent) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const mine = !event.defaultPrevented;
    event.preventDefault();
    if (mine) event.dataTransfer.dropEffect = onFiles ? "copy" : "none";
    setDropping(mine && onFiles !== null);
  });
  const drop = useEffectEvent((event: DragEvent) => {
    setDropping(false);
    if (!event.dataTransfer?.types.includes("Files")) return;
    const mine = !event.defaultPrevented;
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (mine && files.length > 0) onFiles?.(files);
  });
  useEffect(() => {
    const onOver = (event: DragEvent) => over(event);
    const onDrop = (event: DragEvent) => drop(event);
    // Leaving one element for another is told by the next `dragover`; leaving the page goes nowhere.
    const onLeave = (event: DragEvent) => event.relatedTarget === null && setDropping(false);
    document.addEventListener("dragover", onOver);
    document.addEventListener("dragleave", onLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("dragover", onOver);
      document.removeEventListener("dragleave", onLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, []);
  return { dropping };
}
