// A text without what stands at its end. Pure.

/** Without any `character` at the end of `text`. A pattern for it (`/\.+$/`) begins anew at each place where one stands: a text of many takes the square of their number. */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}
