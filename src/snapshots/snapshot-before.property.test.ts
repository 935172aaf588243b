// Whatever a session went through, going back to a message finds the files that were last kept before it, never those of a line that was taken back.
import fc from "fast-check";
import { expect, test } from "vitest";
import { snapshotBefore, type TakenBack } from "./snapshot-before.ts";

type Snapshot = { id: string; seq: number; untilSeq: number; createdAt: Date; files: string };
/** Of the line that the session is on: messages and looks at its files, by their places. */
type Place = { seq: number; message: boolean; files: string | null };

/** A session as it is lived: files change in turns, are looked at when it rests, and go back with it. */
function createLife() {
  const snapshots: Snapshot[] = [];
  const rewinds: TakenBack[] = [];
  let line: Place[] = [];
  let seq = 0;
  let clock = 0;
  let files = "";
  let base: Snapshot | null = null;

  const messages = () => line.filter(({ message }) => message);
  /** What the model says: the last look on this line before that place. */
  const filesBefore = (place: number) => line.findLast((one) => one.files !== null && one.seq < place)?.files ?? null;

  /** As `takeSnapshot` and `extendSnapshot` do. */
  function look(at: number): void {
    const rewound = base !== null && rewinds.some((one) => base && one.seq > base.untilSeq && one.seq <= at);
    if (base && base.files === files && !rewound) base.untilSeq = Math.max(base.untilSeq, at);
    else {
      base = { id: String(clock), seq: at, untilSeq: at, createdAt: new Date(clock), files };
      snapshots.push(base);
    }
    clock += 1;
  }

  return {
    snapshots,
    turn(change: string | null): void {
      line.push({ seq: ++seq, message: true, files: null });
      if (change !== null) files = change;
      seq += 2;
    },
    keep(): void {
      look(seq);
      line.push({ seq, message: false, files });
    },
    rewind(choice: number): void {
      const to = messages()[choice % Math.max(1, messages().length)];
      if (!to) return;
      const found = snapshotBefore(snapshots, { beforeSeq: to.seq, rewinds });
      expect(found?.snapshot.files ?? null).toBe(filesBefore(to.seq));
      rewinds.push({ seq: seq + 1, toSeq: to.seq });
      seq += 2;
      // The disk as it was before is kept, too, at the end of the line that is left.
      const before = rewinds.pop();
      look(seq - 2);
      if (before) rewinds.push(before);
      line = line.filter((one) => one.seq < to.seq);
      if (found) {
        files = found.snapshot.files;
        base = found.snapshot;
      }
    },
    check(): void {
      for (const { seq: place } of messages()) {
        const found = snapshotBefore(snapshots, { beforeSeq: place, rewinds });
        expect(found?.snapshot.files ?? null).toBe(filesBefore(place));
      }
    },
  };
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", null).map((change) => ({ do: "turn" as const, change })) },
  { weight: 4, arbitrary: fc.constant({ do: "keep" as const }) },
  { weight: 2, arbitrary: fc.nat(50).map((choice) => ({ do: "rewind" as const, choice })) },
);

test("going back finds what was last kept before that message on the session's line", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const life = createLife();
      for (const one of steps) {
        if (one.do === "turn") life.turn(one.change);
        else if (one.do === "keep") life.keep();
        else life.rewind(one.choice);
        life.check();
      }
    }),
    { numRuns: 500 },
  );
});

test("of two at the same place the newer one counts: files can change while nothing is said", () => {
  const at = (id: string, seconds: number) => ({ id, seq: 5, untilSeq: 5, createdAt: new Date(seconds * 1000) });
  const found = snapshotBefore([at("b", 2), at("a", 1)], { beforeSeq: 6, rewinds: [] });
  expect(found?.snapshot.id).toBe("b");
});
