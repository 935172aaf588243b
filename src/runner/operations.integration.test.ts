// Operations by id: what an id means in the life of the sandbox that began it, and in later ones.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "./journal.ts";
import { Operations } from "./operations.ts";
import { BadRequest, type WireOperation } from "./protocol.ts";

let root: string;
let end: (() => void) | null = null;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-operations-"));
});
afterEach(() => {
  end?.();
  end = null;
  rmSync(root, { recursive: true, force: true });
});

/** A runner's operations on the test's disk; what ran before is ended, as a sandbox's life is. */
function begin(): Operations {
  end?.();
  const [stateDir, workspaceDir, homeDir] = ["state", "workspace", "home"].map((name) => join(root, name));
  if (!stateDir || !workspaceDir || !homeDir) throw new Error("unreachable");
  for (const directory of [stateDir, workspaceDir, homeDir]) mkdirSync(directory, { recursive: true });
  const config = { identity: "i", token: "t", env: {}, stateDir, workspaceDir, homeDir };
  const limits = { maxArchiveBytes: 1 << 20, maxOutputFileBytes: 1 << 20 };
  const journal = new Journal(stateDir);
  const operations = new Operations({
    config: { ...config, ...limits },
    journal,
    env: () => ({ PATH: "/usr/bin:/bin" }),
    workerFile: "",
  });
  end = () => {
    operations.end();
    journal.close();
  };
  return operations;
}

const bash = (command: string): WireOperation => ({ kind: "bash", command });

test("an id can't be used for two operations of one life", async () => {
  const operations = begin();
  await operations.run("a", bash("echo one")).result;
  expect(() => operations.run("a", bash("echo two"))).toThrow(BadRequest);
});

test("an id of an earlier life gives its result, also when the operation reads otherwise now", async () => {
  await begin().run("a", bash("echo one")).result;
  const later = await begin().run("a", { kind: "bash", command: "echo one", timeoutMs: 1000 }).result;
  expect(later).toMatchObject({ outcome: "ok", content: "one" });
});

test("an id that an earlier life began and did not end may have run, however it reads now", async () => {
  end?.();
  const state = join(root, "state");
  const journal = new Journal(state);
  journal.start("a", "another release's hash");
  journal.close();
  const operations = begin();
  expect(await operations.run("a", bash("echo one")).result).toMatchObject({ outcome: "unknown" });
  expect(await operations.run("a", bash("echo one")).result).toMatchObject({ outcome: "unknown" });
});
