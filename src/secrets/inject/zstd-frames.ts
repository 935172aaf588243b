// zstd, of as many frames as there are: Node's own stream ends with the first one where another begins in the same piece.
import { Duplex } from "node:stream";
import { createZstdDecompress, type ZstdOptions } from "node:zlib";

/** What is behind a frame and is none itself is an error. Holds no more than one piece and what it was decoded to. */
export function createZstdFrames(options: ZstdOptions): Duplex {
  let frame = open();

  function open() {
    const decoder = createZstdDecompress(options);
    decoder.on("data", (piece: Buffer) => {
      if (!all.push(piece)) decoder.pause();
    });
    decoder.once("error", (error) => all.destroy(error));
    return decoder;
  }

  function feed(piece: Buffer, done: () => void): void {
    const decoder = frame;
    const before = decoder.bytesWritten;
    const leftOver = () => piece.subarray(decoder.bytesWritten - before);
    const onEnd = () => {
      frame = open();
      feed(leftOver(), done);
    };
    decoder.once("end", onEnd);
    decoder.write(piece, (error) => {
      // What is left is the next frame's, once all of this one is read.
      if (error || leftOver().length > 0) return;
      decoder.off("end", onEnd);
      done();
    });
  }

  const all: Duplex = new Duplex({
    read: () => void frame.resume(),
    write: (piece: Buffer, _encoding, done) => feed(piece, done),
    final(done) {
      frame.once("end", () => {
        all.push(null);
        done();
      });
      frame.end();
    },
    destroy(error, done) {
      frame.destroy();
      done(error);
    },
  });
  return all;
}
