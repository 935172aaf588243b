// Whether nobody has seen the page for a while. True after the pause, false at once when it is seen again.
"use client";

import { useEffect, useState } from "react";

export function usePageHidden(afterMs: number): boolean {
  const [hidden, setHidden] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => setHidden(true), afterMs);
      else setHidden(false);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [afterMs]);
  return hidden;
}
