import { expect, test } from "vitest";
import { parseCredentialHost } from "./credential-hosts.ts";

test.each([
  ["API.GitHub.com.", "api.github.com"],
  ["*.Example.com", "*.example.com"],
  ["*.example.co.uk", "*.example.co.uk"],
  ["*.s3.amazonaws.com", "*.s3.amazonaws.com"],
  ["bücher.example", "xn--bcher-kva.example"],
])("%s is kept as %s", (text, host) => expect(parseCredentialHost(text)).toEqual({ value: host }));

test.each([
  ["*.com", "too wide"],
  ["*.co.uk", "strangers"],
  ["*.github.io", "strangers"],
  ["*.amazonaws.com", "strangers"],
  ["*", "unrestricted"],
  ["10.0.0.1", "is an address"],
  ["0x7f000001", "is an address"],
  ["[::1]", "is an address"],
  ["a.example.com:8443", "holds a port"],
  ["a.example.com/x", "leave the scheme and the path out"],
  ["https://a.example.com", "leave the scheme and the path out"],
  ["x.localhost", "the machine itself"],
])("%s is refused: %s", (text, why) => {
  const found = parseCredentialHost(text);
  expect("problem" in found ? found.problem : "kept").toContain(why);
  expect("problem" in found ? found.problem : "kept").toContain(JSON.stringify(text));
});
