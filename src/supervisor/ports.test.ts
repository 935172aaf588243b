// Reading who listens on a port.
import { expect, test } from "vitest";
import { listeningInodes } from "./ports.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:0BB8 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20 4 30 10 -1
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
`;

test("only the socket that listens on that port is meant, not a connection to it", () =>
  expect(listeningInodes(table, 3000)).toEqual(["111"]));
test("short port numbers are found", () => expect(listeningInodes(table, 22)).toEqual(["333"]));
test("a free port belongs to nobody", () => expect(listeningInodes(table, 3001)).toEqual([]));
