// What an agent writes stays text: nothing in it runs, loads or leads astray.
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "./markdown.tsx";

const render = (text: string) => renderToStaticMarkup(<Markdown text={text} growing={false} />);

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<iframe src=javascript:alert(1)></iframe>",
  "<a href='javascript:alert(1)'>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](vbscript:x)",
  "[x](//evil.example/)",
  "![x](https://evil.example/pixel.png)",
  "![x](data:image/svg+xml;base64,PHN2Zz4=)",
  "![x][ref]\n\n[ref]: https://evil.example/pixel.png",
  '<https://evil.example/" onmouseover=alert(1)>',
  "<style>*{background:url(https://evil.example)}</style>",
  "<form action=https://evil.example><input name=key></form>",
  '<div style="background:url(https://evil.example)">x</div>',
  "`<img src=x onerror=alert(1)>`",
  "```html\n<script>alert(1)</script>\n```",
  "<!-- <img src=x onerror=alert(1)> -->",
  "<details open ontoggle=alert(1)>x</details>",
  "# <img src=x onerror=alert(1)>",
  "| <img src=x onerror=alert(1)> |\n|--|\n| <script>x</script> |",
  "[a<img src=x onerror=alert(1)>b](https://ok.example)",
];

test.each(HOSTILE)("%j is inert", (text) => {
  const html = render(text);
  const tags = [...html.matchAll(/<([a-z][a-z0-9-]*)([^>]*)>/g)].map(([, name, attributes]) => ({ name, attributes }));
  for (const { name, attributes } of tags) {
    expect([
      "script",
      "img",
      "svg",
      "iframe",
      "style",
      "form",
      "object",
      "embed",
      "details",
      "link",
      "meta",
    ]).not.toContain(name);
    expect(attributes).not.toMatch(/\son[a-z]+=/i);
    expect(attributes).not.toMatch(/(href|src|action)="(?!https?:\/\/)/i);
  }
});

test("a link opens apart, tells nothing of us, and says where it leads", () => {
  const html = render("[the docs](https://docs.example/a?b=1)");
  expect(html).toContain('href="https://docs.example/a?b=1"');
  expect(html).toContain('target="_blank"');
  expect(html).toContain("noopener");
  expect(html).toContain("(docs.example)");
});

test("a link whose words name another host still says where it leads", () => {
  expect(render("[https://bank.example](https://evil.example)")).toContain("(evil.example)");
});

test("markdown is markdown", () => {
  const html = render("# Title\n\n**bold** and `code`\n\n- one\n- two\n\n```sh\nls -la\n```");
  for (const part of ["<h1", "<strong", "<code", "<li", "<pre", "ls -la"]) expect(html).toContain(part);
});

test("a task says whether it is done, and cannot be ticked", () => {
  const html = render("- [x] one\n- [ ] two");
  expect(html).toMatch(/<input[^>]*aria-label="done"[^>]*checked=""/);
  expect(html).toContain('aria-label="to do"');
  expect(html.match(/<input/g)).toHaveLength(2);
  expect(html.match(/disabled/g)).toHaveLength(2);
});

test("characters that reorder text are named", () => {
  expect(render("a\u202eb")).toContain("⟨U+202E⟩");
});
