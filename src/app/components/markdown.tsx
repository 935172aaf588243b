// Markdown that an agent wrote. Raw HTML is shown as text, images are named and never loaded, links say where they lead.
"use client";

import type { ComponentProps } from "react";
import { type Components, defaultUrlTransform, Streamdown } from "streamdown";
import { visibleProse } from "../../lib/visible-text.ts";
import { CodeBlock } from "./code-block.tsx";

/** No plugin that reads HTML: what is between angle brackets stays text. */
const REHYPE_PLUGINS: [] = [];

/**
 * Plain elements in place of the library's own, which carry controls and styles that are not ours.
 * The cast: the library's type has an index signature for custom tags, which components with props of their own do not fit.
 */
const components = {
  a: MarkdownLink,
  blockquote: "blockquote",
  code: "code",
  h1: "h1",
  h2: "h2",
  h3: "h3",
  h4: "h4",
  h5: "h5",
  h6: "h6",
  hr: "hr",
  img: MarkdownImage,
  input: MarkdownTask,
  li: "li",
  ol: "ol",
  p: "p",
  pre: CodeBlock,
  section: "section",
  strong: "strong",
  sub: "sub",
  sup: "sup",
  table: "table",
  tbody: "tbody",
  td: "td",
  th: "th",
  thead: "thead",
  tr: "tr",
  ul: "ul",
} as Components;
/** On paper there is nothing to press. */
const paperComponents: Components = { ...components, pre: "pre" };

type MarkdownProps = { text: string; growing: boolean; onPaper?: boolean };

export function Markdown({ text, growing, onPaper = false }: MarkdownProps) {
  return (
    <Streamdown
      className="markdown"
      mode={growing ? "streaming" : "static"}
      components={onPaper ? paperComponents : components}
      rehypePlugins={REHYPE_PLUGINS}
      urlTransform={defaultUrlTransform}
      controls={false}
      linkSafety={{ enabled: false }}
    >
      {visibleProse(text)}
    </Streamdown>
  );
}

function MarkdownLink({ href, children }: ComponentProps<"a">) {
  const url = parseWebUrl(href);
  if (!url) return <>{children}</>;
  const saysWhere = typeof children === "string" && children.includes(url.host);
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" className="text-accent underline">
      {children}
      {!saysWhere && <span className="text-muted"> ({url.host})</span>}
    </a>
  );
}

function MarkdownImage({ src, alt }: ComponentProps<"img">) {
  const url = parseWebUrl(typeof src === "string" ? src : undefined);
  return (
    <span className="rounded bg-sunken px-1.5 py-0.5 text-muted">
      image{alt ? `: ${alt}` : ""}
      {url && ` (${url.host}, not loaded)`}
    </span>
  );
}

/** The box of a task in a list: it tells, nobody ticks it. */
function MarkdownTask({ checked }: ComponentProps<"input">) {
  return <input type="checkbox" disabled checked={checked === true} aria-label={checked ? "done" : "to do"} />;
}

/** Only addresses of the web are links; `javascript:`, `data:` and relative ones are not. */
function parseWebUrl(href: string | undefined): URL | null {
  const url = href && URL.canParse(href) ? new URL(href) : null;
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url : null;
}
