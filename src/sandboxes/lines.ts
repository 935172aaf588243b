// A runner's answer line by line, each of a length that we can hold.
/** Throws when a line is longer than `maxBytes`, or the answer is cut off. A last line without an end is not given. */
export async function* lines(response: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const piece of response) {
    let start = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
      held.push(piece.subarray(start, end));
      yield (held.length === 1 && held[0] ? held[0] : Buffer.concat(held)).toString("utf8");
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    held.push(piece.subarray(start));
    heldBytes += piece.length - start;
    if (heldBytes > maxBytes) throw new Error("a line of the answer is too long");
  }
}
