// A page as Markdown: what Readability takes for its main text, or all of it where there is no such thing. Scripts do not run.
import { isProbablyReaderable, Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import Turndown from "turndown";
import { oneLine } from "../lib/one-line.ts";

export type PageMarkdown = { title: string; text: string; whole: boolean };

/** Finding the main text takes longer than linear time. */
const MAX_READABLE_ELEMENTS = 20_000;
/** Less is seldom what somebody asked a page for. */
const MIN_READABLE_LENGTH = 400;
const NEVER_SHOWN =
  "head, title, meta, link, script, style, noscript, template, svg, iframe, object, embed, canvas, form input, button, select, [hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none'], [style*='visibility:hidden']";

export function pageToMarkdown(html: string, url: string, about: { title: string; elements: number }): PageMarkdown {
  const main = about.elements <= MAX_READABLE_ELEMENTS ? mainText(html, url) : null;
  if (main !== null) return { ...main, title: main.title || about.title, whole: false };
  const { document } = parseHTML(withBody(html));
  const root = document.querySelector("main, [role=main]") ?? document.body ?? document.documentElement;
  if (!root) return { title: about.title, text: "", whole: true };
  for (const unseen of [...root.querySelectorAll(NEVER_SHOWN)]) unseen.remove();
  return { title: about.title, text: toMarkdown(root, baseOf(document, url)), whole: true };
}

function mainText(html: string, url: string): { title: string; text: string } | null {
  const { document } = parseHTML(withBody(html));
  if (!document.body || !isProbablyReaderable(document)) return null;
  const base = baseOf(document, url);
  const article = new Readability(document, { serializer: (node) => node }).parse();
  if (!article?.content || (article.length ?? 0) < MIN_READABLE_LENGTH) return null;
  return { title: article.title ?? "", text: toMarkdown(article.content, base) };
}

/** The parser adds nothing that a page leaves out, and the rest counts on both. */
function withBody(html: string): string {
  return /<html[\s>]/i.test(html) && /<body[\s>]/i.test(html) ? html : `<html><head></head><body>${html}</body></html>`;
}

function baseOf(document: Document, url: string): string {
  const href = document.querySelector("base[href]")?.getAttribute("href");
  return (href && resolve(href, url)) || url;
}

/** Null for what leads nowhere on the web: scripts, data, mail. */
function resolve(href: string, base: string): string | null {
  if (!URL.canParse(href, base)) return null;
  const { protocol, href: whole } = new URL(href, base);
  return protocol === "https:" || protocol === "http:" ? whole : null;
}

function toMarkdown(root: Node, base: string): string {
  const turndown = new Turndown({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", hr: "---" });
  turndown.addRule("links", {
    filter: "a",
    replacement(content, node) {
      const text = content.trim().replace(/\s+/g, " ");
      const href = resolve(node.getAttribute("href") ?? "", base);
      return text === "" || href === null || node.getAttribute("href")?.startsWith("#") ? text : `[${text}](${href})`;
    },
  });
  turndown.addRule("images", {
    filter: "img",
    replacement(_content, node) {
      const alt = (node.getAttribute("alt") ?? "").trim().replace(/\s+/g, " ");
      const src = resolve(node.getAttribute("src") ?? "", base);
      return alt === "" || src === null ? "" : `![${alt}](${src})`;
    },
  });
  turndown.addRule("cells", {
    filter: ["td", "th"],
    replacement: (content) => `| ${oneLine(content.trim())} `,
  });
  turndown.addRule("rows", {
    filter: "tr",
    replacement(content, node) {
      const isHead = node.firstElementChild?.nodeName.toLowerCase() === "th" && !node.previousElementSibling;
      return `\n${content.trim()} |${isHead ? `\n${"| --- ".repeat(node.childElementCount)}|` : ""}`;
    },
  });
  return turndown.turndown(root as HTMLElement).trim();
}
