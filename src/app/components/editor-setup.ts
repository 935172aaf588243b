// How a text is edited everywhere: keys, colours, and the look of our own fields. Styles carry the page's nonce.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { defineLanguageFacet, Language, languageDataProp, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";
import { pageNonce } from "./page-nonce.ts";

const data = defineLanguageFacet();
const markdown = new Language(
  data,
  parser.configure([GFM, { props: [languageDataProp.add({ Document: data })] }]),
  [],
  "markdown",
);

const colours = tagHighlighter([
  { tag: tags.heading, class: "font-semibold text-accent" },
  { tag: tags.strong, class: "font-semibold" },
  { tag: tags.emphasis, class: "italic" },
  { tag: tags.strikethrough, class: "line-through" },
  { tag: [tags.monospace, tags.labelName], class: "text-violet" },
  { tag: [tags.link, tags.url], class: "text-teal" },
  {
    tag: [tags.quote, tags.comment, tags.meta, tags.processingInstruction, tags.contentSeparator],
    class: "text-muted",
  },
]);

const look = EditorView.theme({
  "&": {
    border: "1px solid var(--strong-line)",
    borderRadius: "0.375rem",
    backgroundColor: "var(--panel)",
    fontSize: "13px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "2px" },
  "&:has([aria-invalid=true])": { borderColor: "var(--danger)" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", maxHeight: "60vh", overflow: "auto" },
  ".cm-content": { minHeight: "10rem", padding: "0.375rem 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 0.625rem" },
  ".cm-specialChar": { color: "var(--danger)" },
  "@media (pointer: coarse)": { "&": { fontSize: "16px" } },
});

export function editorSetup(): Extension {
  return [
    EditorView.cspNonce.of(pageNonce()),
    look,
    history(),
    // Tab goes on to the next field, as everywhere in a form.
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.lineWrapping,
    highlightSpecialChars({ addSpecialChars: /[\u061c\u2028\u2029\u2066-\u2069\u{e0000}-\u{e007f}]/u }),
    markdown,
    syntaxHighlighting(colours),
  ];
}
