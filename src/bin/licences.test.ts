// Everything that is shipped is under a licence that lets it be shipped.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readLicences } from "./licences.ts";

/** Beside these only libraries that are linked as they are (LGPL): libvips, an optional part of Next.js. */
const ALLOWED =
  /^\(?(AFL-2\.1|MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-4\.0|Unlicense|Python-2\.0|MPL-2\.0|PostgreSQL|Zlib|Artistic-2\.0)( (OR|AND) [\w.-]+)*\)?$/;
const LINKED = /^@img\/sharp-/;

test("every production package has a known, permissive licence", () => {
  const packages = readLicences(resolve(import.meta.dirname, "../.."));
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.map((one) => one.name)).toEqual(expect.arrayContaining(["next", "react", "kysely", "hono"]));
  const unknown = packages.filter((one) => !ALLOWED.test(one.licence) && !LINKED.test(one.name));
  expect(unknown.map((one) => `${one.name}@${one.version}: ${one.licence}`)).toEqual([]);
  expect(packages.filter((one) => one.text !== null).length / packages.length).toBeGreaterThan(0.75);
});
