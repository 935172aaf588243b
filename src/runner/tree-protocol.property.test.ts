// Fuzz of the wire that snapshots are read from and restored by, from both ends: whatever comes is understood as what it is, or refused.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, FrameParser, MAX_FRAME_BYTES } from "./frames.ts";
import { BadRequest } from "./protocol.ts";
import {
  encodeTreePart,
  parseTreeEntry,
  parseTreePart,
  parseTreeRead,
  parseTreeWritten,
  TO_TREE,
  type WireTreePart,
} from "./tree-protocol.ts";
import { TreeWriter } from "./write-tree.ts";

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "out", "up") },
  { weight: 1, arbitrary: fc.constantFrom("..", ".", "", "a\0b", "ä", "\u0100", "a".repeat(300)) },
);
const path = fc
  .tuple(fc.constantFrom("workspace", "home", "workspace", "etc", "", "/workspace"), fc.array(name, { maxLength: 4 }))
  .map(([root, names]) => [root, ...names].join("/"));
const field = fc.oneof(
  path,
  fc.integer(),
  fc.constant(null),
  fc.string(),
  fc.constant({}),
  fc.constant("5"),
  fc.double(),
);
const KEYS = [
  "kind",
  "do",
  "path",
  "to",
  "target",
  "why",
  "mode",
  "mtimeNs",
  "ctimeNs",
  "sizeBytes",
  "allocatedBytes",
  "inode",
  "links",
  "stat",
  "problem",
  "changed",
  "settled",
  "__proto__",
];
const object = fc
  .array(
    fc.tuple(
      fc.constantFrom(...KEYS),
      fc.oneof(
        field,
        fc.constantFrom("file", "directory", "symlink", "link", "left_out", "remove", "attributes", "end", "data"),
      ),
    ),
    { maxLength: 14 },
  )
  .map(
    (pairs) =>
      `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`).join(",")}}`,
  );
const line = fc.oneof(
  { weight: 5, arbitrary: object },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.json() },
);

const SAFE = /^(workspace|home)(\/|$)/;
function expectSafe(text: string): void {
  expect(text).toMatch(SAFE);
  expect(text.split("/").some((one) => one === "" || one === "." || one === "..")).toBe(false);
  expect(text).not.toContain("\0");
}

/** Null where it was refused in words; anything else that is thrown fails the test. */
function understood<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    expect(error instanceof BadRequest || error instanceof SyntaxError, String(error)).toBe(true);
    return null;
  }
}

test("F4: what a sandbox says of its tree, and what it is told to write, names a place in the tree or is refused", () => {
  fc.assert(
    fc.property(line, fc.integer({ min: 0, max: 8 }), (text, type) => {
      const entry = understood(() => parseTreeEntry(text));
      // What is left out is only told.
      if (entry && entry.kind !== "left_out") expectSafe(entry.path);
      const written = understood(() => parseTreeWritten(text));
      if (written) expectSafe(written.path);
      const payload = Buffer.from(text);
      const read = understood(() => parseTreeRead(type, payload));
      if (read && "path" in read) expectSafe(read.path);
      if (read?.type === "hole") expect(Number.isSafeInteger(read.lengthBytes)).toBe(true);
      const part = understood(() => parseTreePart(type, payload));
      if (part && "path" in part) expectSafe(part.path);
      if (part?.do === "link") expectSafe(part.to);
    }),
    { numRuns: 5_000, verbose: 1 },
  );
});

test("frames are the same however the stream is cut, and a length that is none of ours is refused before anything is kept for it", () => {
  const frame = fc.record({ type: fc.nat(255), payload: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 60 }), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)));
      const parser = new FrameParser();
      const got: { type: number; payload: Uint8Array }[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        for (const { type, payload } of parser.push(bytes.subarray(at, at + cut)))
          got.push({ type, payload: Uint8Array.from(payload) });
        at = Math.min(bytes.length, at + cut);
      }
      expect(got).toEqual(frames);
    }),
    { numRuns: 1_000, verbose: 1 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 64 }), (bytes) => {
      const length = Buffer.from(bytes).readUInt32BE(1);
      const parse = () => [...new FrameParser().push(bytes)];
      if (length > MAX_FRAME_BYTES) expect(parse).toThrow(/a frame of/);
      else for (const { payload } of parse()) expect(payload.length).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000, verbose: 1 },
  );
});

const inTree = fc
  .tuple(
    fc.constantFrom("workspace", "home"),
    fc.array(fc.constantFrom("a", "b", "out", "up", "ro"), { minLength: 1, maxLength: 3 }),
  )
  .map(([root, names]) => [root, ...names].join("/"));
const target = fc.constantFrom(
  "../../outside",
  "/etc",
  "..",
  "OUTSIDE",
  "OUTSIDE/secret",
  "a",
  "../home",
  "/proc/self/root",
  "up",
);
const times = {
  mode: fc.nat(0o7777),
  mtimeNs: fc.constantFrom("0", "-5", "1700000000000000000", "99999999999999999999"),
};
const part: fc.Arbitrary<WireTreePart> = fc.oneof(
  fc.record({ do: fc.constant("remove" as const), path: inTree }),
  fc.record({ do: fc.constant("directory" as const), path: inTree }),
  fc.record({ do: fc.constant("file" as const), path: inTree, ...times }),
  fc.record({ do: fc.constant("attributes" as const), path: inTree, ...times }),
  fc.record({ do: fc.constant("symlink" as const), path: inTree, target, mtimeNs: times.mtimeNs }),
  fc.record({ do: fc.constant("link" as const), path: inTree, to: inTree }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ do: "data" as const, bytes })),
  fc.nat(100).map((lengthBytes) => ({ do: "hole" as const, lengthBytes })),
  fc.constant({ do: "end" as const }),
  fc.constant({ do: "abort" as const }),
);

test("F4: whatever is written, in any order and through any links, nothing outside the tree changes or is linked to", () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 30 }), (parts) => {
      const root = realpathSync(mkdtempSync(join(tmpdir(), "berth-fuzz-tree-")));
      const outside = join(root, "outside");
      const roots = { workspaceDir: join(root, "workspace"), homeDir: join(root, "home") };
      try {
        for (const directory of [outside, roots.workspaceDir, roots.homeDir]) mkdirSync(directory);
        writeFileSync(join(outside, "secret"), "secret", { mode: 0o640 });
        // As an agent leaves them.
        symlinkSync(outside, join(roots.workspaceDir, "out"));
        symlinkSync("..", join(roots.homeDir, "up"));
        const before = stateOf(outside);
        const writer = new TreeWriter(roots);
        for (const one of parts) {
          const sent = one.do === "symlink" ? { ...one, target: one.target.replace("OUTSIDE", outside) } : one;
          // As it goes over the wire.
          const bytes = Buffer.concat(encodeTreePart(sent));
          for (const frame of new FrameParser().push(bytes)) {
            expect([TO_TREE.part, TO_TREE.data, TO_TREE.hole]).toContain(frame.type);
            understood(() => writer.apply(parseTreePart(frame.type, frame.payload)));
          }
        }
        writer.close();
        expect(stateOf(outside)).toEqual(before);
        expect(readdirSync(root).sort()).toEqual(["home", "outside", "workspace"]);
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    }),
    { numRuns: 150, verbose: 1 },
  );
}, 120_000);

/** All that could be changed of it. More names of a file would show in its links. */
function stateOf(directory: string): unknown {
  return ["", ...readdirSync(directory)].map((one) => {
    const at = join(directory, one);
    const { mode, size, mtimeMs, nlink, ino } = lstatSync(at);
    const content = lstatSync(at).isSymbolicLink()
      ? readlinkSync(at)
      : one !== "" && existsSync(at)
        ? readFileSync(at, "utf8")
        : "";
    return { one, mode, size, mtimeMs, nlink, ino, content };
  });
}
