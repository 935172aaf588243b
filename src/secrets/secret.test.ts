import { format, inspect } from "node:util";
import { pino } from "pino";
import { expect, it, test } from "vitest";
import { Secret } from "./secret.ts";

const VALUE = "canary-7f3a9c-value";
const secret = new Secret(VALUE);

/** What pino writes of these fields. */
function logged(fields: object): string {
  const lines: string[] = [];
  pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }).info(fields, "said");
  return lines.join("");
}

test.each([
  ["String()", () => String(secret)],
  ["a template", () => `${secret}`],
  ["adding", () => `x${secret as unknown as string}`],
  ["toString", () => secret.toString()],
  ["toLocaleString", () => secret.toLocaleString()],
  ["JSON", () => JSON.stringify({ deep: [secret] })],
  ["inspect", () => inspect(secret, { showHidden: true, depth: 9, customInspect: true })],
  ["inspect without custom ones", () => inspect(secret, { showHidden: true, depth: 9, customInspect: false })],
  ["inspect with getters", () => inspect({ secret }, { getters: true, showProxy: true })],
  ["format %s", () => format("%s", secret)],
  ["format %o", () => format("%o", secret)],
  ["format %O", () => format("%O", { secret })],
  ["format %j", () => format("%j", { secret })],
  ["format %d", () => format("%d %i %f", secret, secret, secret)],
  ["an error's cause", () => inspect(new Error("failed", { cause: secret }))],
  ["an error's cause as JSON", () => JSON.stringify({ cause: new Error("x", { cause: secret }).cause })],
  ["an aggregate", () => inspect(new AggregateError([secret], "many"))],
  ["a log line", () => logged({ secret, deep: { secret }, err: new Error("failed", { cause: secret }) })],
  ["own keys", () => JSON.stringify([Object.keys(secret), Object.entries(secret), Reflect.ownKeys(secret)])],
  ["a copy", () => JSON.stringify({ ...secret })],
  ["a structured clone", () => JSON.stringify(structuredClone(secret))],
  ["the error of a wrong call", () => inspect(thrownBy(() => (secret as unknown as () => void)()))],
])("%s does not show the value", (_way, show) => expect(show()).not.toContain(VALUE));

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

it("gives the value out when it is asked to", () => expect(secret.reveal()).toBe(VALUE));
