// The KEKs of this process: the first one seals, any of them opens. They come from a text that a file, the environment or a command gives.
import { createHash, hkdfSync } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { KEY_BYTES } from "./seal.ts";

/** `id` is derived from the key, one way: equal ids are equal keys. */
export type Kek = { id: string; key: Buffer };

/** Where the text of the keys comes from, and how to name that to a person. */
export type KekSource = { describe: string; read: () => Promise<string> };

export type KeyRing = {
  /** Where the keys come from, to complete "… of <describe>". */
  readonly describe: string;
  /** What seals from now on. */
  current(): Kek;
  /** Looks at the source again for a key that it does not know: somebody may have rotated. */
  find(kekId: string): Promise<Kek | null>;
  reload(): Promise<void>;
};

/** A source is asked again this often at most. */
const RELOAD_EVERY_MS = 1_000;

/** Thrown for a text of keys that is none, in words without the text. */
export class KekProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KekProblem";
  }
}

/** Keys as base64 or hexadecimal, 32 bytes each, apart by spaces, commas or lines; `#` begins a comment. Throws `KekProblem`. */
export function parseKeks(text: string): Kek[] {
  const words = text
    .split("\n")
    .flatMap((line) => line.replace(/#.*/, "").split(/[\s,]+/))
    .filter((word) => word !== "");
  const keks = words.map((word, index) => {
    const hexadecimal = /^[0-9a-f]{64}$/i.test(word);
    const key = Buffer.from(word, hexadecimal ? "hex" : "base64");
    const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(word);
    if (key.length !== KEY_BYTES || !(hexadecimal || isBase64))
      throw new KekProblem(
        `key ${index + 1} is not ${KEY_BYTES} bytes as base64. Make one with \`openssl rand -base64 ${KEY_BYTES}\``,
      );
    if (new Set(key).size < 8) throw new KekProblem(`key ${index + 1} is not random`);
    return { id: kekId(key), key };
  });
  if (keks.length === 0) throw new KekProblem("there is no key in it");
  return keks;
}

function kekId(key: Buffer): string {
  const derived = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "berth kek id", KEY_BYTES));
  return `kek_${createHash("sha256").update(derived).digest("hex").slice(0, 32)}`;
}

export function formatKek(kek: Kek): string {
  return kek.key.toString("base64");
}

/** Throws `KekProblem` when the source gives no keys. */
export async function openKeyRing({ source, clock }: { source: KekSource; clock: Clock }): Promise<KeyRing> {
  let keks = await readKeks(source);
  let readAt = clock.now();
  const byId = (id: string) => keks.find((kek) => kek.id === id) ?? null;
  async function reload(): Promise<void> {
    keks = await readKeks(source);
    readAt = clock.now();
  }
  return {
    describe: source.describe,
    current() {
      const [first] = keks;
      if (!first) throw new KekProblem("there is no key in it");
      return first;
    },
    async find(id) {
      const found = byId(id);
      if (found || clock.now() - readAt < RELOAD_EVERY_MS) return found;
      await reload();
      return byId(id);
    },
    reload,
  };
}

async function readKeks(source: KekSource): Promise<Kek[]> {
  try {
    return parseKeks(await source.read());
  } catch (cause) {
    throw cannotBeUsed(source.describe, cause);
  }
}

/** As `parseKeks`; what it throws names the place that the text is from. */
export function parseKeksOf(place: string, text: string): Kek[] {
  try {
    return parseKeks(text);
  } catch (cause) {
    throw cannotBeUsed(place, cause);
  }
}

function cannotBeUsed(place: string, cause: unknown): KekProblem {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KekProblem(`${place} cannot be used: ${why}.`, { cause });
}

/** What a caller is told when this process lacks a key that it needs. */
export function kekIsMissing(ring: KeyRing, kekId: string): PlatformError {
  return new PlatformError(
    "unavailable",
    `This server lacks the key ${kekId} that stored credentials are sealed with. Its operator has to give all servers the same keys (${ring.describe}).`,
  );
}
