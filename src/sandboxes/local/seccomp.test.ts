// The filter, decided call by call in a small interpreter of the kernel's semantics.
import { describe, expect, it, test } from "vitest";
import {
  ALLOW,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  type Instruction,
  KILL_PROCESS,
  sandboxFilter,
  toBytes,
} from "./seccomp.ts";
import { type Architecture, AUDIT_ARCHITECTURE, DECIDED_BY_ARGUMENTS, DENIED } from "./syscalls.ts";

type Call = { architecture: number; number: number; args?: bigint[] };

function decide(program: Instruction[], call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture >>> 0, 4);
  (call.args ?? []).forEach((value, index) => {
    data.writeBigUInt64LE(value, 16 + index * 8);
  });
  let accumulator = 0;
  for (let at = 0; at < program.length; ) {
    const { code, value, jumpTrue, jumpFalse } = program[at] ?? expect.fail("ran off the end");
    at += 1;
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x06) return value;
    else {
      const holds =
        code === 0x15 ? accumulator === value : code === 0x35 ? accumulator >= value : (accumulator & value) !== 0;
      at += holds ? jumpTrue : jumpFalse;
    }
  }
  return expect.fail("no decision");
}

describe.each<Architecture>(["x64", "arm64"])("seccomp filter on %s", (architecture) => {
  const program = sandboxFilter(architecture);
  const ask = (number: number, ...args: bigint[]) =>
    decide(program, { architecture: AUDIT_ARCHITECTURE[architecture], number, args });
  const numbers = Object.fromEntries(
    Object.entries(DECIDED_BY_ARGUMENTS).map(([name, byArchitecture]) => [name, byArchitecture[architecture]]),
  ) as Record<keyof typeof DECIDED_BY_ARGUMENTS, number>;

  test.each(Object.entries(DENIED))("%s is refused with EPERM", (_name, byArchitecture) => {
    const number = byArchitecture[architecture];
    if (number !== null) expect(ask(number)).toBe(EPERM);
  });

  test.each([
    ["AF_UNIX", 1n, ALLOW],
    ["AF_INET", 2n, ALLOW],
    ["AF_INET6", 10n, ALLOW],
    ["AF_PACKET", 17n, EAFNOSUPPORT],
    ["AF_ALG", 38n, EAFNOSUPPORT],
    ["AF_VSOCK", 40n, EAFNOSUPPORT],
    ["AF_VSOCK behind a high half that the kernel ignores", 0xffffffff00000028n, EAFNOSUPPORT],
    ["AF_UNSPEC", 0n, EAFNOSUPPORT],
  ])("socket(%s)", (_name, family, expected) => {
    expect(ask(numbers.socket, family)).toBe(expected);
  });

  it("allows the route protocol of AF_NETLINK only", () => {
    expect(ask(numbers.socket, 16n, 3n, 0n)).toBe(ALLOW);
    expect(ask(numbers.socket, 16n, 3n, 9n)).toBe(EAFNOSUPPORT);
  });

  it("lets processes and threads be made, namespaces not", () => {
    expect(ask(numbers.clone, 17n)).toBe(ALLOW);
    expect(ask(numbers.clone, 0x3d0f00n)).toBe(ALLOW);
    for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
      expect(ask(numbers.clone, flag | 17n)).toBe(EPERM);
    }
    expect(ask(numbers.clone3)).toBe(ENOSYS);
  });

  it("refuses to put characters into a terminal", () => {
    expect(ask(numbers.ioctl, 0n, 0x5412n)).toBe(EPERM);
    expect(ask(numbers.ioctl, 0n, 0x1_0000_5412n)).toBe(EPERM);
    expect(ask(numbers.ioctl, 0n, 0x541cn)).toBe(EPERM);
    expect(ask(numbers.ioctl, 0n, 0x5401n)).toBe(ALLOW);
  });

  it("allows what programs live on", () => {
    for (const number of architecture === "x64" ? [0, 1, 9, 59, 257] : [63, 64, 222, 221, 56]) {
      expect(ask(number)).toBe(ALLOW);
    }
  });

  it("kills a call through another architecture's table", () => {
    expect(decide(program, { architecture: 0x40000003, number: 20 })).toBe(KILL_PROCESS);
    expect(decide(program, { architecture: 0x40000028, number: 20 })).toBe(KILL_PROCESS);
    if (architecture === "x64") expect(ask(0x40000000 | 39)).toBe(KILL_PROCESS);
  });

  it("fits what the kernel takes", () => {
    const bytes = toBytes(program);
    expect(bytes.length % 8).toBe(0);
    expect(program.length).toBeLessThan(256);
  });
});
