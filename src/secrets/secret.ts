// A credential's value, which cannot be printed. There is one way out, and it can be searched for.
import { inspect } from "node:util";

const SHOWN = "[secret]";

export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The only way out. Search for `.reveal(` to see every place that handles a real credential. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return SHOWN;
  }
  toJSON(): string {
    return SHOWN;
  }
  [Symbol.toPrimitive](): string {
    return SHOWN;
  }
  [inspect.custom](): string {
    return SHOWN;
  }
}
