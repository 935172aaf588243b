import { afterAll, beforeAll, expect, it } from "vitest";
import { databaseOfItsOwn, type FreshDatabase } from "../../test/support/postgres.ts";
import { type Database, openDatabase } from "./database.ts";
import { readPackageHosts, savePackageHosts } from "./package-hosts.ts";

let fresh: FreshDatabase;
let db: Database;
beforeAll(async () => {
  fresh = await databaseOfItsOwn();
  db = openDatabase({ url: fresh.url, maxConnections: 2, applicationName: "test" });
});
afterAll(async () => {
  await db.destroy();
  await fresh.drop();
});

it("keeps what was told last", async () => {
  expect(await readPackageHosts(db)).toBeNull();
  await savePackageHosts(db, [{ tool: "npm", hosts: [], problem: "is not installed" }]);
  const told = [{ tool: "npm", hosts: [{ host: "npm.corp.example", plain: false }], problem: null }];
  await savePackageHosts(db, told);
  expect(await readPackageHosts(db)).toEqual(told);
});
