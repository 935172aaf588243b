import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EGRESS_HEAP_FLAGS } from "./heap-flags.ts";

test("`npm run egress` starts the broker with them, too", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(scripts.egress).toBe(`node ${EGRESS_HEAP_FLAGS.join(" ")} src/bin/egress.ts`);
});
