// For a library that makes style elements: those that are made meanwhile get the page's nonce, so that the content security policy lets them in.
"use client";

export function withNoncedStyles<T>(make: () => T): T {
  // Browsers hide the attribute and keep the property.
  const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
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
