// Loaded before a process's own code: its wall clock is off by the milliseconds that a file holds, and jumps when the file changes.
import { readFileSync } from "node:fs";

const RealDate = Date;
const file = process.env.CHAOS_CLOCK_FILE ?? "";
const LOOK_EVERY_MS = 50;
let offsetMs = 0;
let lookedAt = 0;

function offset() {
  const now = RealDate.now();
  if (Math.abs(now - lookedAt) < LOOK_EVERY_MS) return offsetMs;
  lookedAt = now;
  try {
    offsetMs = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    // No file: the right time.
    offsetMs = 0;
  }
  return offsetMs;
}

globalThis.Date = class JumpingDate extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(RealDate.now() + offset());
    else super(...values);
  }
  static now() {
    return RealDate.now() + offset();
  }
};
