// What the name server of a sandbox says.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerName } from "./name-answer.ts";

function question(name: string, type = 1, { flags = 0x0100, count = 1 } = {}): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0xbeef, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(count, 4);
  const labels = name
    .split(".")
    .filter(Boolean)
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const tail = Buffer.from([0, type >> 8, type & 0xff, 0, 1]);
  return Buffer.concat([header, ...labels, tail]);
}

function said(message: Buffer) {
  const answer = answerName(message, "198.18.0.1");
  if (!answer) return null;
  expect(answer.readUInt16BE(0)).toBe(message.readUInt16BE(0));
  const answers = answer.readUInt16BE(6);
  return { code: answer.readUInt8(3) & 0x0f, address: answers === 0 ? null : [...answer.subarray(-4)].join(".") };
}

describe("a name", () => {
  it.each([
    ["api.example.com", 1, { code: 0, address: "198.18.0.1" }],
    ["API.Example.COM", 1, { code: 0, address: "198.18.0.1" }],
    ["app.localhost", 1, { code: 0, address: "127.0.0.1" }],
    ["api.example.com", 28, { code: 0, address: null }],
    ["api.example.com", 65, { code: 0, address: null }],
    ["api.example.com", 16, { code: 0, address: null }],
    ["host", 1, { code: 3, address: null }],
    ["npm.corp.internal", 1, { code: 0, address: "198.18.0.1" }],
    ["nexus.corp.local", 1, { code: 0, address: "198.18.0.1" }],
    ["metadata.google.internal", 1, { code: 3, address: null }],
    ["host.invalid", 1, { code: 3, address: null }],
    ["1.0.0.127.in-addr.arpa", 12, { code: 3, address: null }],
  ])("%s of type %i: %j", (name, type, answer) => expect(said(question(name, type))).toEqual(answer));
});

it("what is not one plain question is told so, and an answer is not answered", () => {
  expect(said(question("a.example", 1, { flags: 0x8180 }))).toBeNull();
  expect(said(question("a.example", 1, { flags: 0x2800 }))).toEqual({ code: 4, address: null });
  expect(said(question("a.example", 1, { count: 2 }))).toEqual({ code: 1, address: null });
  expect(said(Buffer.concat([question("").subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]))).toEqual({
    code: 1,
    address: null,
  });
});

it("no bytes bring it to a fall, and no answer is larger than its question and one record", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const answer = answerName(Buffer.from(bytes), "198.18.0.1");
      expect(answer === null ? 0 : answer.length).toBeLessThanOrEqual(bytes.length + 16);
    }),
  );
});
