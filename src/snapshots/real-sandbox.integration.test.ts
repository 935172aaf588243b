// Snapshots of a real sandbox: taken from one disk, brought back on another, by the runner inside only.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sandboxesMissing,
  startTestSandboxd,
  TEST_LIMITS,
  TEST_SPEC,
  type TestSandboxd,
} from "../../test/support/local-sandboxd.ts";
import { createSnapshotWorld, type SnapshotWorld } from "../../test/support/snapshot-world.ts";
import { findSnapshot } from "../db/snapshots.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { takeSnapshot } from "./take-snapshot.ts";

/** What a person would compare, without what directories tell of the comparison itself and of their past. */
const SUMS = `cd / && (find workspace home -type d -printf '%p %y %m\\n' -o -printf '%p %y %m %l %s\\n' | sort; find workspace home -type f -printf '%p %Ts\\n' | sort;
  find workspace home -type f -print0 | sort -z | xargs -0 sha256sum)`;

describe.skipIf(sandboxesMissing())("snapshots of a real sandbox", () => {
  let sandboxd: TestSandboxd;
  let world: SnapshotWorld;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    world = await createSnapshotWorld();
  });
  afterAll(async () => {
    await world.dispose();
    await sandboxd[Symbol.asyncDispose]();
  });

  it("comes back on another disk, byte for byte, after the first is destroyed; unchanged it is not read again", async () => {
    const { backend } = sandboxd;
    const sessionId = await world.createSession();
    const about = { teamId: world.teamId, sessionId, diskMb: TEST_LIMITS.diskMb };
    const run = (sandbox: Sandbox, id: string, command: string) => sandbox.runOperation(id, { kind: "bash", command });
    const first = await backend.create(sessionId, TEST_SPEC);
    const made = await run(
      first,
      "make",
      `mkdir -p a/b && for i in $(seq 400); do echo "file $i" > a/f$i; done && head -c 9000000 /dev/urandom > big &&
      truncate -s 30M sparse && echo x | dd of=sparse bs=1 seek=7000000 conv=notrunc status=none &&
      ln -s /etc/passwd out && ln big a/twin && chmod 711 a/b && echo hi > ~/.profile && touch -d @1500000000 a/f1`,
    );
    expect(made.outcome, made.content).toBe("ok");
    await first.quiesce();
    const taking = { ...about, reason: "idle", seq: 1 } as const;
    const taken = await takeSnapshot(world.deps, { ...taking, sandbox: first, base: null });
    expect(taken).toMatchObject({ leftOutCount: 0, changedCount: 0, filesRead: 403 });
    const base = await findSnapshot(world.db, { teamId: world.teamId, id: taken.snapshotId });
    if (!base) throw new Error("no snapshot");
    expect(await takeSnapshot(world.deps, { ...taking, sandbox: first, base })).toMatchObject({
      unchanged: true,
      newPacks: 0,
    });
    const before = await run(first, "sums", SUMS);

    await backend.destroy(sessionId);
    const second = await backend.create(sessionId, TEST_SPEC);
    const receipt = await restoreSnapshot(world.deps, { ...about, sandbox: second, snapshot: base, base: null });
    expect(receipt).toMatchObject({ refused: [], writtenFiles: 403, checkedFiles: 403, links: 1, symlinks: 1 });
    expect((await run(second, "sums-again", SUMS)).content).toBe(before.content);
    const used = await run(second, "holes", "stat -c '%b' /workspace/sparse");
    expect(Number(used.content)).toBeLessThan(1000);
    const later = await takeSnapshot(world.deps, { ...taking, sandbox: second, base });
    expect(later.filesRead).toBeLessThanOrEqual(1);
  });

  it("comes to a disk that began as a later state of the first one, and what it ran stays with that one", async () => {
    const { backend } = sandboxd;
    const sessionId = await world.createSession();
    const forkId = await world.createSession();
    const about = { teamId: world.teamId, diskMb: TEST_LIMITS.diskMb };
    const run = (sandbox: Sandbox, id: string, command: string) => sandbox.runOperation(id, { kind: "bash", command });
    const first = await backend.create(sessionId, TEST_SPEC);
    await run(
      first,
      "make",
      `mkdir -p a/b && for i in $(seq 400); do echo "file $i" > a/f$i; done && head -c 3000000 /dev/urandom > big && ln big twin &&
      truncate -s 9M sparse && echo x >> sparse && ln -s /etc/passwd out && chmod 711 a/b && echo then > ~/.profile`,
    );
    await first.quiesce();
    const taking = { ...about, sessionId, sandbox: first, reason: "idle", seq: 1, base: null } as const;
    const taken = await takeSnapshot(world.deps, taking);
    const snapshot = await findSnapshot(world.db, { teamId: world.teamId, id: taken.snapshotId });
    if (!snapshot) throw new Error("no snapshot");
    const then = await run(first, "sums", SUMS);
    const later = `cd /workspace; echo later > a/f1; rm a/f2 twin; touch a/f3; chmod 600 a/f4; mkfifo pipe; mkdir new closed; echo secret > new/s; chmod 0 closed
      touch -r a/f5 stamp; echo "FILE 5" > a/f5; touch -r stamp a/f5; rm stamp out; echo later > ~/.profile; echo ran`;
    expect(await run(first, "later", later)).toMatchObject({ content: "ran" });
    // Without root only one that sleeps is copied.
    if (process.getuid?.() !== 0) await backend.hibernate(sessionId);
    const seed = { name: sessionId, wantedBytes: taken.totalBytes };
    const fork = await backend.create(forkId, { ...TEST_SPEC, seed });
    const restoring = { ...about, sessionId: forkId, sandbox: fork, snapshot, base: null, notOurs: true };
    const receipt = await restoreSnapshot(world.deps, restoring);
    expect(receipt).toMatchObject({ refused: [], checkedFiles: 403, files: 403 });
    // f1 to f5, the names of one file, and .profile; f2 and f5 are no different at first sight.
    expect(receipt.writtenFiles).toBe(7);
    expect((await run(fork, "sums", SUMS)).content).toBe(then.content);
    expect((await run(fork, "later", "cd /workspace; ls -A; cat ~/.profile")).content).toBe(
      "a\nbig\nout\nsparse\ntwin\nthen",
    );
    const again = await backend.create(sessionId, TEST_SPEC);
    expect(await run(again, "later", later)).toMatchObject({ content: "ran" });
    expect((await run(again, "now", "cd /workspace; cat a/f1 new/s")).content).toBe("later\nsecret");
  });
});
