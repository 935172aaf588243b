// Colours of source code, by shiki. Large, so it is loaded when the first block of a known language is shown.
import { createHighlighterCore, type DynamicImportLanguageRegistration, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { loadPart } from "../live/load-part.ts";

export type CodeToken = { text: string; style: Readonly<Record<string, string>> };

const languages: Readonly<Record<string, DynamicImportLanguageRegistration>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};
const aliases: Readonly<Record<string, string>> = {
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  "c++": "cpp",
  dockerfile: "docker",
  js: "javascript",
  jsx: "tsx",
  mjs: "javascript",
  md: "markdown",
  py: "python",
  rb: "ruby",
  rs: "rust",
  ts: "typescript",
  yml: "yaml",
};

/**
 * The first line of a language takes long, since its patterns are compiled meanwhile. Where the time is over, all the rest of
 * the line has one colour, the wrong one; half a second, the library's own limit, is too little for a slow machine.
 */
const LINE_LIMIT_MS = 4_000;
const MAX_LINE_LENGTH = 1_000;

let highlighter: Promise<HighlighterCore> | null = null;

/** Null for a language that is not known. The tokens together are the code. */
export async function highlight(code: string, name: string): Promise<CodeToken[] | null> {
  const word = name.toLowerCase();
  const language = Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
  const grammar = Object.hasOwn(languages, language) ? languages[language] : undefined;
  if (!grammar) return null;
  highlighter ??= createHighlighterCore({
    engine: createJavaScriptRegexEngine({ forgiving: true }),
    themes: [
      loadPart(() => import("shiki/themes/github-light-high-contrast.mjs")),
      loadPart(() => import("shiki/themes/github-dark-high-contrast.mjs")),
    ],
    langs: [],
  });
  const loaded = await highlighter;
  await loaded.loadLanguage(() => loadPart(grammar));
  const { tokens } = loaded.codeToTokens(code, {
    lang: language,
    themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    defaultColor: false,
    tokenizeTimeLimit: LINE_LIMIT_MS,
    tokenizeMaxLineLength: MAX_LINE_LENGTH,
  });
  return tokens.flatMap((line, index) => [
    ...(index > 0 ? [{ text: "\n", style: {} }] : []),
    ...line.map(({ content, htmlStyle }) => ({ text: content, style: htmlStyle ?? {} })),
  ]);
}
