// Copies a text to the clipboard and remembers for a moment that it did.
"use client";

import { useState } from "react";

const REMEMBERED_MS = 1_500;

export function useCopy() {
  const [copied, setCopied] = useState(false);
  async function copy(text: string) {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), REMEMBERED_MS);
  }
  // Browsers give the clipboard only to pages from localhost or over HTTPS.
  const available = typeof navigator !== "undefined" && navigator.clipboard !== undefined;
  return { copied, available, copy: (text: string) => void copy(text) };
}
