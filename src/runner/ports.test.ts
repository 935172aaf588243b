// Which lines of the kernel's tables are sockets that listen on loopback.
import { expect, test } from "vitest";
import { parseTable } from "./ports.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ";
const line = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

test("those on any address and on 127.0.0.1 and ::1 are, connections and other addresses are not", () => {
  const table = [
    HEAD,
    line("00000000:1435", "0A", 11),
    line("0100007F:1F90", "0A", 12),
    line("0100007F:1F91", "01", 13),
    // The relay's, 198.18.0.1.
    line("010012C6:0050", "0A", 14),
    line("00000000000000000000000000000000:0BB8", "0A", 15),
    line("00000000000000000000000001000000:0BB9", "0A", 16),
    line("0000000000000000FFFF00000100007F:0BBA", "0A", 17),
    line("000080FE00000000FF005450A1B2C3FE:0BBB", "0A", 18),
    "",
  ].join("\n");
  expect(parseTable(table)).toEqual([
    { port: 5173, inode: "11" },
    { port: 8080, inode: "12" },
    { port: 3000, inode: "15" },
    { port: 3001, inode: "16" },
    { port: 3002, inode: "17" },
  ]);
  expect(parseTable("")).toEqual([]);
});
