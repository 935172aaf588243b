// Answers of the sandbox's name server: every full name leads to the relay. What is real, the broker finds out. Pure.

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
const TTL_S = 60;
const NO_ERROR = 0;
const FORMAT_ERROR = 1;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;

/** The answer to one DNS message; null for what is not a question. `address`: of the relay. */
export function answerName(message: Buffer, address: string): Buffer | null {
  if (message.length < HEADER_BYTES || (message.readUInt8(2) & 0x80) !== 0) return null;
  if ((message.readUInt8(2) & 0x78) !== 0) return reply(message, HEADER_BYTES, { code: NOT_IMPLEMENTED });
  if (message.readUInt16BE(4) !== 1) return reply(message, HEADER_BYTES, { code: FORMAT_ERROR });
  const question = readQuestion(message);
  if (!question) return reply(message, HEADER_BYTES, { code: FORMAT_ERROR });
  const { labels, type, klass, end } = question;
  const last = labels.at(-1);
  // What is no host's name, so that programs see at once that it is not there. A company's own names (`npm.corp.internal`, `nexus.corp.local`)
  // are for the broker to judge: the operator may have named one with its address.
  if (last === "localhost")
    return reply(message, end, { code: NO_ERROR, ...(type === TYPE_A && { address: "127.0.0.1" }) });
  if (labels.length < 2 || last === "arpa" || last === "invalid" || isOfCloud(labels))
    return reply(message, end, { code: NO_SUCH_NAME });
  if (type !== TYPE_A || klass !== CLASS_IN) return reply(message, end, { code: NO_ERROR });
  return reply(message, end, { code: NO_ERROR, address });
}

/** Where libraries look by themselves whether they run in Google's cloud: the broker would take that for an attack. */
function isOfCloud(labels: readonly string[]): boolean {
  return labels.slice(-2).join(".") === "google.internal";
}

type Question = { labels: string[]; type: number; klass: number; end: number };

function readQuestion(message: Buffer): Question | null {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    // A pointer has nothing to point to in the first name.
    if (length === undefined || length > 63) return null;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > message.length) return null;
  return { labels, type: message.readUInt16BE(at), klass: message.readUInt16BE(at + 2), end: at + 4 };
}

function reply(message: Buffer, end: number, { code, address }: { code: number; address?: string }): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  message.copy(header, 0, 0, 2);
  const recursionDesired = message.readUInt8(2) & 0x01;
  header.writeUInt8(0x80 | recursionDesired, 2);
  header.writeUInt8(0x80 | code, 3);
  header.writeUInt16BE(end > HEADER_BYTES ? 1 : 0, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const question = message.subarray(HEADER_BYTES, end);
  if (address === undefined) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0); // The name of the question.
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_S, 6);
  record.writeUInt16BE(4, 10);
  address.split(".").forEach((part, index) => {
    record.writeUInt8(Number(part), 12 + index);
  });
  return Buffer.concat([header, question, record]);
}
