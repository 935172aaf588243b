// As whom the embedded Postgres runs, by what the system allows.
import { expect, test } from "vitest";
import { chooseIdentity, deathSignal, type IdentityFacts } from "./identity.ts";

const person: IdentityFacts = { platform: "linux", uid: 1000, named: true, userNamespaces: false, setpriv: true };

test.each<[string, Partial<IdentityFacts>, string]>([
  ["an ordinary user", {}, "direct"],
  ["macOS", { platform: "darwin", uid: 501, setpriv: false }, "direct"],
  ["Windows, which has no uids", { platform: "win32", uid: -1, named: true, setpriv: false }, "direct"],
  ["root with user namespaces", { uid: 0, userNamespaces: true }, "namespace"],
  ["a uid without a name, as in some containers", { uid: 10_456, named: false, userNamespaces: true }, "namespace"],
  ["root without user namespaces, as in Docker", { uid: 0 }, "nobody"],
  ["root without anything", { uid: 0, setpriv: false }, "impossible"],
  ["a uid without a name and without user namespaces", { uid: 10_456, named: false }, "impossible"],
])("%s", (_who, changes, kind) => expect(chooseIdentity({ ...person, ...changes }).kind).toBe(kind));

test("never as root", () => {
  const identity = chooseIdentity({ ...person, uid: 0 });
  expect(identity.kind === "nobody" && identity.command).toContain("--reuid=65534");
});

test("dies with its parent where Linux can do that", () => {
  expect(deathSignal(person)).toEqual(["setpriv", "--pdeathsig", "INT"]);
  expect(deathSignal({ ...person, platform: "darwin" })).toEqual([]);
});
