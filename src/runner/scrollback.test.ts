// A terminal's last output by offset: nothing is given twice, nothing between is left out, and memory has a bound.
import { expect, test } from "vitest";
import { seeded } from "../../test/support/seeded.ts";
import { Scrollback } from "./scrollback.ts";

test("from any offset that is kept, the rest comes exactly; from an older one, what is left", () => {
  const random = seeded(3);
  const scrollback = new Scrollback(1_000);
  let whole = Buffer.alloc(0);
  for (let round = 0; round < 300; round++) {
    const chunk = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 90) }, () => Math.floor(random() * 256)));
    whole = Buffer.concat([whole, chunk]);
    scrollback.add(chunk);
    expect(scrollback.end).toBe(whole.length);
    expect(scrollback.end - scrollback.start).toBeLessThan(1_000 + 90);
    if (whole.length >= 1_000) expect(scrollback.end - scrollback.start).toBeGreaterThanOrEqual(1_000);
    const asked = Math.floor(random() * (whole.length + 10));
    const got: Buffer[] = [];
    let at = asked;
    for (let part = scrollback.read(at); part; part = scrollback.read(at)) {
      if (got.length === 0) expect(part.offset).toBe(Math.max(asked, scrollback.start));
      got.push(part.bytes);
      at = part.offset + part.bytes.length;
    }
    expect(Buffer.concat(got).equals(whole.subarray(Math.max(asked, scrollback.start)))).toBe(true);
  }
});
