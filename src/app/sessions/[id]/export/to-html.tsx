// A conversation as one HTML file that needs nothing else: no script, and nothing from anywhere.
import { renderToStaticMarkup } from "react-dom/server";
import { type Transcript, transcriptTitle } from "./transcript.ts";
import { TranscriptView } from "./transcript-view.tsx";

/** Colours are the reader's own, light or dark. */
const STYLE = `
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 48rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; }
h2 { margin: 2rem 0 0.5rem; font-size: 1rem; }
h3 { margin: 0 0 0.5rem; font-size: 1rem; }
small, dt, .transcript-small { color: color-mix(in srgb, CanvasText 65%, Canvas); font-weight: normal; }
dl > div { display: flex; gap: 0.5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; white-space: pre-wrap; }
.markdown p { white-space: normal; }
pre { overflow-x: auto; padding: 0.75rem; border-radius: 0.375rem; background: color-mix(in srgb, CanvasText 6%, Canvas);
  font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
code { font-family: ui-monospace, monospace; }
img { max-width: 100%; }
table { border-collapse: collapse; }
th, td { padding: 0.25rem 0.6rem; border: 1px solid color-mix(in srgb, CanvasText 25%, Canvas); text-align: left; }
.transcript-person p { padding-left: 0.75rem; border-left: 3px solid color-mix(in srgb, CanvasText 25%, Canvas); }
.transcript-call, .transcript-failure { margin: 1rem 0; padding: 0.75rem; border: 1px solid color-mix(in srgb, CanvasText 25%, Canvas); border-radius: 0.375rem; }
@media print { section, pre { break-inside: auto; } h2, h3 { break-after: avoid; } }
`;
/** Of the style above, which a test checks: no other style is taken. */
const STYLE_HASH = "sha256-VnHPHxZUeo/HJKwqzWUYaHJhpff9pt1K3WxSCfs6fB0=";
const POLICY = `default-src 'none'; img-src data:; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

export function toHtml(transcript: Transcript): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(transcriptTitle(transcript))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${renderToStaticMarkup(<TranscriptView transcript={transcript} />)}
</main>
</body>
</html>
`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
