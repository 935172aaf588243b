// When what a person types goes to the terminal; kept in the browser.
"use client";

import { useState } from "react";

const KEY = "berth:terminal-typing";

export const TYPING = [
  { value: "always", words: "always" },
  { value: "resting", words: "while the agent rests" },
  { value: "never", words: "never (read only)" },
] as const;
export type Typing = (typeof TYPING)[number]["value"];

export function useTyping(): [Typing, (typing: Typing) => void] {
  const [typing, setTyping] = useState(readTyping);
  return [
    typing,
    (next) => {
      localStorage.setItem(KEY, next);
      setTyping(next);
    },
  ];
}

function readTyping(): Typing {
  const kept = localStorage.getItem(KEY);
  return TYPING.find(({ value }) => value === kept)?.value ?? "always";
}
