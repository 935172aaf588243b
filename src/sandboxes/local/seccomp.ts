// The system call filter of every sandbox, assembled here as classic BPF: allow, minus what could reach past the sandbox.
import { endianness } from "node:os";
import { type Architecture, AUDIT_ARCHITECTURE, DECIDED_BY_ARGUMENTS, DENIED, X32_BIT } from "./syscalls.ts";

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;
export const EPERM = ERRNO | 1;
export const ENOSYS = ERRNO | 38;
export const EAFNOSUPPORT = ERRNO | 97;

/** Offsets in `struct seccomp_data`; an argument's low half comes first on little-endian machines. */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const argumentOffset = (index: number) => 16 + index * 8;

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS = 0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000;
/** The low byte of clone's flags is the exit signal, where CLONE_NEWTIME's bit means nothing. */
const CLONE_FLAGS = (NAMESPACE_FLAGS & ~0xff) >>> 0;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

export type Instruction = { code: number; jumpTrue: number; jumpFalse: number; value: number };
/** A jump names a label; null goes on with the next instruction. */
type Draft = { label: string } | { code: number; value: number; whenTrue?: string | null; whenFalse?: string | null };

/** Turns labels into distances. A label may stand on any later instruction at most 255 away. */
function assemble(drafts: Draft[]): Instruction[] {
  const positions = new Map<string, number>();
  let position = 0;
  for (const draft of drafts) {
    if ("label" in draft) positions.set(draft.label, position);
    else position += 1;
  }
  const instructions: Instruction[] = [];
  for (const draft of drafts) {
    if ("label" in draft) continue;
    const distance = (label: string | null | undefined) => {
      if (label === null || label === undefined) return 0;
      const target = positions.get(label);
      const jump = target === undefined ? -1 : target - instructions.length - 1;
      if (jump < 0 || jump > 255) throw new Error(`seccomp: label ${label} is out of reach`);
      return jump;
    };
    const { code, value } = draft;
    instructions.push({ code, value, jumpTrue: distance(draft.whenTrue), jumpFalse: distance(draft.whenFalse) });
  }
  return instructions;
}

export function sandboxFilter(architecture: Architecture): Instruction[] {
  const number = (name: keyof typeof DECIDED_BY_ARGUMENTS) => DECIDED_BY_ARGUMENTS[name][architecture];
  const equal = (value: number, whenTrue: string): Draft => ({ code: JUMP_EQUAL, value, whenTrue });
  const denied = Object.values(DENIED).flatMap((numbers) => numbers[architecture] ?? []);
  return assemble([
    { code: LOAD, value: ARCHITECTURE_OFFSET },
    { code: JUMP_EQUAL, value: AUDIT_ARCHITECTURE[architecture], whenFalse: "kill" },
    { code: LOAD, value: NUMBER_OFFSET },
    ...(architecture === "x64" ? [{ code: JUMP_AT_LEAST, value: X32_BIT, whenTrue: "kill" }] : []),
    equal(number("socket"), "socket"),
    equal(number("clone"), "clone"),
    equal(number("ioctl"), "ioctl"),
    equal(number("clone3"), "no such call"),
    ...denied.map((value) => equal(value, "deny")),
    { code: RETURN, value: ALLOW },
    { label: "socket" },
    { code: LOAD, value: argumentOffset(0) },
    equal(AF_UNIX, "allow"),
    equal(AF_INET, "allow"),
    equal(AF_INET6, "allow"),
    { code: JUMP_EQUAL, value: AF_NETLINK, whenFalse: "no such family" },
    { code: LOAD, value: argumentOffset(2) },
    { code: JUMP_EQUAL, value: NETLINK_ROUTE, whenTrue: "allow", whenFalse: "no such family" },
    { label: "clone" },
    { code: LOAD, value: argumentOffset(0) },
    { code: JUMP_ANY_BIT, value: CLONE_FLAGS, whenTrue: "deny", whenFalse: "allow" },
    { label: "ioctl" },
    { code: LOAD, value: argumentOffset(1) },
    equal(TIOCSTI, "deny"),
    equal(TIOCLINUX, "deny"),
    { label: "allow" },
    { code: RETURN, value: ALLOW },
    { label: "deny" },
    { code: RETURN, value: EPERM },
    // libc falls back to `clone`, whose flags can be seen; those of `clone3` lie in memory.
    { label: "no such call" },
    { code: RETURN, value: ENOSYS },
    { label: "no such family" },
    { code: RETURN, value: EAFNOSUPPORT },
    { label: "kill" },
    { code: RETURN, value: KILL_PROCESS },
  ]);
}

/** The program as the kernel reads it: 8 bytes an instruction. */
export function toBytes(instructions: Instruction[]): Buffer {
  if (endianness() !== "LE") throw new Error("seccomp: only little-endian machines are supported");
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.jumpTrue, index * 8 + 2);
    bytes.writeUInt8(instruction.jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(instruction.value >>> 0, index * 8 + 4);
  });
  return bytes;
}
