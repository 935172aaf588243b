// What is written and not yet sent, kept in this browser for each session.
"use client";

import { useState } from "react";

export function useDraft(sessionId: string): [text: string, setText: (text: string) => void] {
  const key = keyOf(sessionId);
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

/** For a session whose page is not open. */
export function keepDraft(sessionId: string, text: string): void {
  if (text !== "") store(keyOf(sessionId), text);
}

export function dropDraft(sessionId: string): void {
  localStorage.removeItem(keyOf(sessionId));
}

function keyOf(sessionId: string): string {
  return `berth:draft:${sessionId}`;
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The browser's room for this page is used up: the draft lives as long as the page does.
    localStorage.removeItem(key);
  }
}
