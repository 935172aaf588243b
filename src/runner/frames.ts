// Frames of a channel between the platform and a process in the sandbox: one byte of type, four of length, the payload.

/** The name under which a connection to a runner is upgraded. */
export const CHANNEL_PROTOCOL = "berth-channel";

/** To the runner. `end`: no more input. `signal`: its name, to the whole process group. */
export const TO_RUNNER = { input: 1, resize: 2, end: 3, signal: 4 } as const;
/** From the runner. `begun`: where in the terminal's output the next byte stands. `size`: the terminal's. `exited` is the last. */
export const FROM_RUNNER = { output: 1, errorOutput: 2, begun: 3, exited: 4, size: 5 } as const;

export type Frame = { type: number; payload: Buffer };

export const MAX_FRAME_BYTES = 1024 * 1024;
const HEAD_BYTES = 5;

export function encodeFrame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  writeHead(frame, type, payload.length);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

/** For a payload that goes as it is, right after it. */
export function encodeFrameHead(type: number, payloadBytes: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  writeHead(head, type, payloadBytes);
  return head;
}

function writeHead(frame: Buffer, type: number, payloadBytes: number): void {
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(payloadBytes, 1);
}

/** Gives the frames of a byte stream, however it is cut. Throws when one is larger than any of ours. */
export class FrameParser {
  #held: Buffer = Buffer.alloc(0);
  /** What came of a frame that is not whole yet: put together once, when it is. */
  readonly #later: Buffer[] = [];
  #bytes = 0;
  /** Held bytes from which on there is something to give. */
  #enough = HEAD_BYTES;

  *push(bytes: Uint8Array): Generator<Frame> {
    this.#later.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#bytes += bytes.length;
    if (this.#bytes < this.#enough) return;
    this.#held = Buffer.concat([this.#held, ...this.#later.splice(0)]);
    for (;;) {
      this.#bytes = this.#held.length;
      this.#enough = HEAD_BYTES;
      if (this.#held.length < HEAD_BYTES) return;
      const length = this.#held.readUInt32BE(1);
      if (length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes`);
      this.#enough = HEAD_BYTES + length;
      if (this.#held.length < this.#enough) return;
      const payload = this.#held.subarray(HEAD_BYTES, this.#enough);
      const type = this.#held.readUInt8(0);
      this.#held = this.#held.subarray(this.#enough);
      yield { type, payload };
    }
  }
}

export function encodeSize({ columns, rows }: { columns: number; rows: number }): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt16BE(columns, 0);
  payload.writeUInt16BE(rows, 2);
  return payload;
}

/** Null when it is no size that a terminal can have. */
export function decodeSize(payload: Buffer): { columns: number; rows: number } | null {
  if (payload.length !== 4) return null;
  const size = { columns: payload.readUInt16BE(0), rows: payload.readUInt16BE(2) };
  return isTerminalSize(size) ? size : null;
}

export function isTerminalSize({ columns, rows }: { columns: number; rows: number }): boolean {
  const fits = (count: number) => Number.isInteger(count) && count >= 2 && count <= 1_000;
  return fits(columns) && fits(rows);
}

export function encodeOffset(offset: number): Buffer {
  const payload = Buffer.allocUnsafe(8);
  payload.writeBigUInt64BE(BigInt(offset));
  return payload;
}

export function decodeOffset(payload: Buffer): number {
  if (payload.length !== 8) throw new Error("an offset has eight bytes");
  return Number(payload.readBigUInt64BE(0));
}

/** Exit code; above 128 when a signal ended it, as shells say. */
export function encodeExit(exitCode: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeInt32BE(exitCode);
  return payload;
}

export function decodeExit(payload: Buffer): number {
  if (payload.length !== 4) throw new Error("an exit code has four bytes");
  return payload.readInt32BE(0);
}
