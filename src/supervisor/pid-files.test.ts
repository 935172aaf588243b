// Whose process a pid file means.
import { expect, test } from "vitest";
import type { ProcessFacts } from "../lib/processes.ts";
import { isTheSameProcess } from "./pid-files.ts";

const dataDir = "/var/lib/berth";
const file = { part: "web", pid: 42, writtenAt: 1_000_000 };
const web: ProcessFacts = {
  pid: 42,
  parent: 1,
  startedAt: 999_000,
  command: "berth-web",
  environment: ["PATH=/bin", `BERTH_DATA_DIR=${dataDir}`],
};

test.each<[string, string, Partial<ProcessFacts>, boolean]>([
  ["our web, by its title", "web", {}, true],
  ["our web, before it took its title", "web", { command: "/usr/bin/node /opt/berth/src/bin/web.ts" }, true],
  ["our web, on a system that shows no environment", "web", { environment: null }, true],
  ["a process that got the number later", "web", { startedAt: 1_010_000 }, false],
  ["somebody else's program", "web", { command: "/usr/sbin/nginx" }, false],
  ["the web of another data directory", "web", { environment: ["BERTH_DATA_DIR=/home/ada/berth"] }, false],
  [
    "sandboxd, which empties its environment",
    "sandboxd",
    { command: "berth-sandboxd", environment: ["PATH=/bin"] },
    true,
  ],
  ["a worker under the name of web", "web", { command: "berth-worker" }, false],
  [
    "our postgres",
    "postgres",
    { command: `${dataDir}/bin/berth-postgres -D ${dataDir}/postgres -c port=1`, environment: [] },
    true,
  ],
  [
    "the postgres of another data directory",
    "postgres",
    { command: `/x/berth-postgres -D ${dataDir}-2/postgres -c port=1` },
    false,
  ],
])("%s", (_who, part, changes, ours) =>
  expect(isTheSameProcess({ ...file, part }, { ...web, ...changes }, dataDir)).toBe(ours),
);
