// Stands in for rehype-raw (next.config.mjs): the markdown library brings a whole HTML parser, 45 kB compressed, which
// we never use, since what an agent writes between angle brackets stays text.

export default function refuseRawHtml(): never {
  throw new Error("HTML in markdown is never parsed");
}
