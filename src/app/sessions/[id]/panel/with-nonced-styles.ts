// For a library that makes style elements: those that are made meanwhile get the page's nonce, so that the content security policy lets them in.
"use client";

import { pageNonce } from "../../../components/page-nonce.ts";

export function withNoncedStyles<T>(make: () => T): T {
  const nonce = pageNonce();
  const { createElement } = document;
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const element = createElement.call(document, name, options);
    if (name.toLowerCase() === "style") element.nonce = nonce;
    return element;
  };
  try {
    return make();
  } finally {
    document.createElement = createElement;
  }
}
