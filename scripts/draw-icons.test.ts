// The dashboard's icons are those that it imports, and are drawn with plain shapes only.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { drawIcons, usedIcons } from "./draw-icons.ts";

it("icons.tsx holds the icons that the dashboard imports, and no others (npm run generate)", () => {
  const file = new URL("../src/app/components/icons/icons.tsx", import.meta.url);
  expect(usedIcons()).toContain("Check");
  expect(readFileSync(file, "utf8")).toBe(drawIcons(usedIcons()));
});

it("a drawing is shapes without colours or widths of their own", () => {
  expect(drawIcons(["X"])).toContain('export const X = createIcon(<><path d="M18 6L6 18M6 6l12 12" /></>);');
});

it("a name that Lucide does not know is refused", () => {
  expect(() => drawIcons(["NoSuchThing"])).toThrow("Lucide has no icon no-such-thing.");
});
