// Takes the values of a session's credentials out of what comes back to its sandbox.
import { Transform } from "node:stream";
import type { SessionCredential } from "../session-credentials.ts";
import { BytePatterns } from "./byte-patterns.ts";
import { pairsOf, type RawHeaders } from "./raw-headers.ts";
import { createReplacer, type Replacer } from "./replace-bytes.ts";
import { formsOfValue, REMOVED } from "./value-forms.ts";

export type Scrubber = {
  /** Of headers or trailers. */
  headers(raw: RawHeaders): string[];
  text(text: string): string;
  /** `keepsLength`: each value is replaced by as many bytes, for what tells its length by other means. */
  whole(bytes: Buffer, options: { keepsLength: boolean }): Buffer;
  stream(options: { keepsLength: boolean }): Transform;
  /** The same for whoever pushes the pieces. */
  pieces(options: { keepsLength: boolean }): Replacer;
};

/** Null: there is nothing to take out. */
export function createScrubber(credentials: readonly SessionCredential[]): Scrubber | null {
  const forms = credentials.flatMap(({ secrets, placeholder }) =>
    Object.values(secrets).flatMap((secret) => formsOfValue(secret.reveal(), placeholder ?? REMOVED)),
  );
  if (forms.length === 0) return null;
  const patterns = new BytePatterns(forms.map(({ bytes }) => bytes));
  const replacer = (keepsLength: boolean) =>
    createReplacer(patterns, (index) => {
      const form = forms[index];
      if (!form) throw new Error("a pattern without its form");
      return keepsLength ? form.sameLength : form.replacement;
    });
  const whole = (bytes: Buffer, { keepsLength }: { keepsLength: boolean }) => {
    const once = replacer(keepsLength);
    return Buffer.concat([once.push(bytes), once.end()]);
  };
  const text = (before: string) => whole(Buffer.from(before, "latin1"), { keepsLength: false }).toString("latin1");
  return {
    headers: (raw) => [...pairsOf(raw)].flatMap(([name, value]) => [text(name), text(value)]),
    text,
    whole,
    stream: ({ keepsLength }) => transformOf(replacer(keepsLength)),
    pieces: ({ keepsLength }) => replacer(keepsLength),
  };
}

export function transformOf(replacer: Replacer): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      const ready = replacer.push(piece);
      if (ready.length > 0) this.push(ready);
      done();
    },
    flush(done) {
      const last = replacer.end();
      if (last.length > 0) this.push(last);
      done();
    },
  });
}
