import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeJavaSecurityDirectories } from "./java-security-directories.ts";

let system: string;
beforeEach(() => {
  system = mkdtempSync(join(tmpdir(), "berth-javas-"));
});
afterEach(() => rmSync(system, { recursive: true, force: true }));

/** With a file of its own, or a link to `link`. */
function addJava(place: string, link?: string): string {
  const directory = join(system, place);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "policy"), "kept");
  if (link) symlinkSync(link, join(directory, "cacerts"));
  else writeFileSync(join(directory, "cacerts"), "the roots of its makers");
  return directory;
}
const write = () => writeJavaSecurityDirectories(join(system, "copies"), system);

test("each Java that keeps what it trusts to itself sees the sandbox's certificate in its place, once", () => {
  const own = addJava("lib/jvm/temurin/lib/security");
  const old = addJava("java/eight/jre/lib/security", "/somewhere/else");
  symlinkSync("temurin", join(system, "lib/jvm/default"));
  writeFileSync(join(old, "jssecacerts"), "is asked before the other");
  const written = write();
  expect(written.map(({ path }) => path).sort()).toEqual([old, own].sort());
  for (const { directory } of written) {
    expect(readlinkSync(join(directory, "cacerts"))).toBe("/run/berth/java-cacerts");
    expect(readdirSync(directory).sort()).toEqual(["cacerts", "policy"]);
    expect(readFileSync(join(directory, "policy"), "utf8")).toBe("kept");
  }
  expect(readFileSync(join(own, "cacerts"), "utf8")).toBe("the roots of its makers");
});

test("one that is led into /etc needs none, and a machine without Java has none", () => {
  expect(write()).toEqual([]);
  addJava("lib/jvm/debian/lib/security", "/etc/ssl/certs/java/cacerts");
  addJava("lib/jvm/fedora/lib/security", "/etc/pki/java/cacerts");
  expect(write()).toEqual([]);
});
