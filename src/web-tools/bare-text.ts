// A page's text in one pass, without a tree: as fast for a hostile page as for any other. Pure.
import { Tokenizer } from "htmlparser2";

export type BareText = { title: string; text: string; depth: number; elements: number };

const MAX_TITLE = 1000;
const UNSEEN = new Set(["noscript", "template", "svg"]);
const VOID = new Set("area base br col embed hr img input link meta source track wbr".split(" "));
const BLOCKS = new Set(
  "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul".split(
    " ",
  ),
);

/** The tokenizer only: a parser keeps a stack, which grows slow with a page of nothing but open elements. */
export function bareText(html: string): BareText {
  const pieces: string[] = [];
  let title = "";
  let depth = 0;
  let deepest = 0;
  let elements = 0;
  let open = "";
  let unseen = 0;
  const hear = (text: string) => {
    if (open === "title") title += title.length < MAX_TITLE ? text : "";
    else if (unseen === 0 && open !== "script" && open !== "style") pieces.push(text);
  };
  const ends = () => {
    open = "";
    depth = Math.max(0, depth - 1);
  };
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(start, end) {
        open = html.slice(start, end).toLowerCase();
        elements += 1;
        if (!VOID.has(open)) depth += 1;
        deepest = Math.max(deepest, depth);
        if (UNSEEN.has(open)) unseen += 1;
        pieces.push(BLOCKS.has(open) ? "\n" : open === "td" || open === "th" ? " | " : "");
      },
      onclosetag(start, end) {
        const name = html.slice(start, end).toLowerCase();
        ends();
        if (UNSEEN.has(name)) unseen = Math.max(0, unseen - 1);
        pieces.push(BLOCKS.has(name) ? "\n" : "");
      },
      onselfclosingtag() {
        if (UNSEEN.has(open)) unseen = Math.max(0, unseen - 1);
        ends();
      },
      ontext: (start, end) => hear(html.slice(start, end)),
      ontextentity: (codepoint) => hear(String.fromCodePoint(codepoint)),
      ...{ onattribdata: ignore, onattribentity: ignore, onattribend: ignore, onattribname: ignore },
      ...{ onopentagend: ignore, oncdata: ignore, oncomment: ignore, ondeclaration: ignore },
      ...{ onprocessinginstruction: ignore, onend: ignore },
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return { title: oneLine(title), text: tidy(pieces.join("")), depth: deepest, elements };
}

const ignore = () => undefined;

function oneLine(text: string): string {
  return text.split(/\s+/).filter(Boolean).join(" ");
}

/** Line by line: a pattern over a whole hostile text may take for ever. */
function tidy(text: string): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const clean = oneLine(line);
    if (clean !== "" || (lines.length > 0 && lines.at(-1) !== "")) lines.push(clean);
  }
  return lines.join("\n").trimEnd();
}
