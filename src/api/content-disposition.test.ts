// No file name breaks out of its header.
import { expect, test } from "vitest";
import { attachmentHeader } from "./content-disposition.ts";

test.each([
  ["report.csv", `attachment; filename="report.csv"; filename*=UTF-8''report.csv`],
  ["", `attachment; filename="file"; filename*=UTF-8''`],
  ['a"; x="b', `attachment; filename="a__ x__b"; filename*=UTF-8''a%22%3B%20x%3D%22b`],
  ["a\r\nSet-Cookie: x", `attachment; filename="a__Set-Cookie_ x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`],
  ["Übersicht (1).txt", `attachment; filename="_bersicht _1_.txt"; filename*=UTF-8''%C3%9Cbersicht%20%281%29.txt`],
  ["\u202Egnp.exe", `attachment; filename="_gnp.exe"; filename*=UTF-8''%E2%80%AEgnp.exe`],
  ["\uD800", `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])("%j", (name, header) => expect(attachmentHeader(name)).toBe(header));
