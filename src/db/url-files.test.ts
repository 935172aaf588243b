// What of an address is a file.
import { expect, test } from "vitest";
import { filesOfUrl } from "./url-files.ts";

test.each([
  ["postgres://a:b@127.0.0.1:5432/berth", []],
  ["postgres://a:b@db.example/berth?sslmode=require&application_name=sslkey", []],
  ["postgres://a:b@db.example/berth?sslrootcert=", []],
  ["postgres://a:b@db.example/berth?sslmode=verify-full&sslrootcert=/root/ca.pem", ["sslrootcert"]],
  ["postgres://a@db.example/berth?sslkey=/k&sslcert=%2Fc", ["sslcert", "sslkey"]],
])("%s", (url, files) => expect(filesOfUrl(url)).toEqual(files));
