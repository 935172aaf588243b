// A login link cannot send anyone to another site.
import { expect, test } from "vitest";
import { safeNextPath } from "./next-path.ts";

test.each([
  ["/", "/"],
  ["/sessions/sesn_1?x=1", "/sessions/sesn_1?x=1"],
  [undefined, "/"],
  [["/a", "/b"], "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/login?next=/login", "/"],
  ["", "/"],
])("%j leads to %s", (next, path) => expect(safeNextPath(next)).toBe(path));
