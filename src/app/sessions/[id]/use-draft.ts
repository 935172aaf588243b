// What is written and not yet sent, kept in this browser for each session.
"use client";

import { useState } from "react";

export function useDraft(sessionId: string): [text: string, setText: (text: string) => void] {
  const key = `berth:draft:${sessionId}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? "");
  return [
    text,
    (next) => {
      setText(next);
      if (next === "") localStorage.removeItem(key);
      else store(key, next);
    },
  ];
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The browser's room for this page is used up: the draft lives as long as the page does.
    localStorage.removeItem(key);
  }
}
