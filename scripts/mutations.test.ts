// `npm run test:security:mutate` takes half an hour and is run by hand; that its patches still fit is seen at once.
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { misfits, mutations } from "../test/security/mutations.ts";

it("each patch that switches a control off fits exactly once", () => {
  expect(misfits(mutations, resolve(import.meta.dirname, ".."))).toEqual([]);
});
