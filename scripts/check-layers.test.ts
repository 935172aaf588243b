// The checker finds planted faults and lets the rest pass.
import { describe, expect, it, test } from "vitest";
import { findFaults } from "./check-layers.ts";
import { findImports } from "./find-imports.ts";

const faultsOf = (path: string, text: string) => findFaults([{ path, text }]);

test.each([
  [
    "the dashboard reaches into the database",
    "src/app/page.tsx",
    'import { openDatabase } from "../db/database.ts";',
    /app may import client, contract, lib only/,
  ],
  [
    "the dashboard reaches into it for a type alone",
    "src/app/page.tsx",
    'import type { Database } from "../db/database.ts";',
    /app may import/,
  ],
  [
    "the dashboard reaches into it later",
    "src/app/page.tsx",
    'const db = await import("../db/database.ts");',
    /app may import/,
  ],
  [
    "a session re-exports a concrete backend",
    "src/sessions/sessions.ts",
    'export { createLocalBackend } from "../sandboxes/local/local.ts";',
    /sandboxes\/local/,
  ],
  [
    "a helper knows of us",
    "src/lib/ids.ts",
    'import { x } from "../contract/events.ts";',
    /lib may import nothing of ours/,
  ],
  ["the runner brings a database driver", "src/runner/server.ts", 'import pg from "pg";', /pg, which belongs to db/],
  ["a route of another folder", "src/sessions/x.ts", 'import { Hono } from "hono";', /hono, which belongs to api/],
  [
    "a subpath of an owned package",
    "src/worker/x.ts",
    'import { useState } from "react/jsx-runtime";',
    /react, which belongs to app/,
  ],
  [
    "the product uses a package for tests",
    "src/client/client.ts",
    'import Anthropic from "@anthropic-ai/sdk";',
    /@anthropic-ai\/sdk/,
  ],
  [
    "the product imports from tests",
    "src/db/database.ts",
    'import { freshDatabase } from "../../test/support/postgres.ts";',
    /not in src/,
  ],
  [
    "a folder that the rule does not know",
    "src/stuff/x.ts",
    'import { newId } from "../lib/ids.ts";',
    /src\/stuff is not in the dependency rule/,
  ],
  [
    "a setting is read where it is used",
    "src/db/database.ts",
    "const url = process.env.DATABASE_URL;",
    /only src\/bin may/,
  ],
  [
    "a setting is read in brackets",
    "src/db/database.ts",
    'const url = process["env"].DATABASE_URL;',
    /only src\/bin may/,
  ],
  [
    "the environment under another name",
    "src/db/database.ts",
    'import { env } from "node:process";',
    /only src\/bin may/,
  ],
  ["a file that is too long", "src/lib/long.ts", "x\n".repeat(501), /501 lines/],
])("found: %s", (_what, path, text, message) => {
  const faults = faultsOf(path, text);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(message);
});

test.each([
  [
    "an entry point wires everything",
    "src/bin/web.ts",
    'import { openDatabase } from "../db/database.ts"; const home = process.env.HOME;',
  ],
  [
    "a session uses the port of sandboxes",
    "src/sessions/x.ts",
    'import type { Sandbox } from "../sandboxes/sandbox.ts";',
  ],
  [
    "the exemption for the runner's words",
    "src/sandboxes/local/local.ts",
    'import type { Request } from "../../runner/protocol.ts";',
  ],
  ["a test uses what it needs", "src/app/page.test.tsx", 'import pg from "pg"; import { x } from "../db/database.ts";'],
  ["a comment speaks of process.env", "src/lib/x.ts", "// never process.env\n/* import x from '../db/x.ts' */\n"],
  ["a file at the limit", "src/lib/long.ts", "x\n".repeat(500)],
  ["a script bundles", "scripts/build-runner.ts", 'import { build } from "esbuild"; const x = process.env.X;'],
])("let pass: %s", (_what, path, text) => expect(faultsOf(path, text)).toEqual([]));

describe("cycles", () => {
  const file = (name: string, target: string, type = "") => ({
    path: `src/lib/${name}.ts`,
    text: `import ${type}{ x } from "./${target}.ts";`,
  });
  it("of three files are told once, whatever file is read first", () => {
    const faults = findFaults([file("b", "c"), file("c", "a"), file("a", "b")]);
    expect(faults).toEqual(["Import cycle: src/lib/a.ts → src/lib/b.ts → src/lib/c.ts → src/lib/a.ts"]);
  });
  it("of types alone are none at run time", () =>
    expect(findFaults([file("a", "b"), file("b", "a", "type ")])).toEqual([]));
});

describe("zod", () => {
  const contract = { path: "src/contract/events.ts", text: 'import { z } from "zod"; export const x = z.string();' };
  const between = { path: "src/lib/x.ts", text: 'import { x } from "../contract/events.ts";' };
  it("is not brought to browsers, nor by way of another file", () => {
    const page = { path: "src/app/page.tsx", text: 'import { x } from "../contract/events.ts";' };
    const client = { path: "src/client/x.ts", text: 'import { x } from "../lib/x.ts";' };
    const faults = findFaults([page, client, between, contract]).filter((fault) => fault.includes("zod"));
    expect(faults).toEqual([
      "src/app/page.tsx brings zod to browsers with src/contract/events.ts. Import its types only, or put what it needs beside it.",
      "src/client/x.ts brings zod to browsers with src/lib/x.ts. Import its types only, or put what it needs beside it.",
    ]);
  });
  it("may be behind a type", () => {
    const page = { path: "src/app/page.tsx", text: 'import type { X } from "../contract/events.ts";' };
    expect(findFaults([page, contract])).toEqual([]);
  });
});

test.each([
  ['import a, { type B } from "./x.ts";', [{ name: "./x.ts", typeOnly: false }]],
  ['import {\n  type A,\n  type B,\n} from "./x.ts";', [{ name: "./x.ts", typeOnly: true }]],
  ['import "./x.css";', [{ name: "./x.css", typeOnly: false }]],
  [
    'import * as x from "./x.ts";\nexport * from "./y.ts";',
    [
      { name: "./x.ts", typeOnly: false },
      { name: "./y.ts", typeOnly: false },
    ],
  ],
  ['export type { A } from "./x.ts";', [{ name: "./x.ts", typeOnly: true }]],
  ['type T = import("./x.ts").T;', [{ name: "./x.ts", typeOnly: false }]],
  ["const x = await import(`./x.ts`);", [{ name: "./x.ts", typeOnly: false }]],
  ['export const from = "./x.ts";', []],
  ['const text = `import x from "./x.ts"`;', []],
  ['// import x from "./x.ts"', []],
  ['const url = "http://x"; import y from "./y.ts";', [{ name: "./y.ts", typeOnly: false }]],
])("imports of %j", (text, expected) => expect(findImports(text)).toEqual(expected));
