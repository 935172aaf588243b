// The nonce of this page's Content Security Policy, for libraries that make style elements.
"use client";

export function pageNonce(): string {
  // Browsers hide the attribute and keep the property.
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
}
