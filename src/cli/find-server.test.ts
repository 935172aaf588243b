// The right server gets the right key, and nobody else does.
import { expect, test } from "vitest";
import { findServer, type Surroundings } from "./find-server.ts";

const running: Surroundings = {
  url: undefined,
  apiKey: undefined,
  dataDir: "/data",
  readDataFile: (name) => ({ "run/web.url": "http://127.0.0.1:3000", "api-key": "local-key" })[name] ?? null,
};
const nothing: Surroundings = { ...running, readDataFile: () => null };

test("the Berth of this machine is found without any setting", () => {
  expect(findServer({}, running)).toEqual({ url: "http://127.0.0.1:3000", apiKey: "local-key", isLocal: true });
});

test("flags win over variables, and variables over what runs here", () => {
  const around = { ...running, url: "http://b:1", apiKey: "variable" };
  expect(findServer({}, around)).toEqual({ url: "http://b:1", apiKey: "variable", isLocal: false });
  expect(findServer({ url: "http://c:2", apiKey: "flag" }, around)).toEqual({
    url: "http://c:2",
    apiKey: "flag",
    isLocal: false,
  });
});

test.each([
  "http://127.0.0.1:3001",
  "https://127.0.0.1:3000",
  "http://127.0.0.1.example.com:3000",
  "http://berth.example.com",
])("the local key is not sent to %s", (url) => {
  expect(() => findServer({ url }, running)).toThrow(/No API key for/);
});

test("the local key is used for the local server under its own address", () => {
  expect(findServer({ url: "http://127.0.0.1:3000/" }, running).apiKey).toBe("local-key");
});

test("no server, and what is no URL, are told with what to do", () => {
  expect(() => findServer({}, nothing)).toThrow(/berth up/);
  expect(() => findServer({ url: "localhost:3000" }, running)).toThrow(/is not the URL/);
  expect(() => findServer({ url: "file:///etc/passwd" }, running)).toThrow(/is not the URL/);
});
