// `npm run build`: makes what a start needs and what is out of date: the runner's bundle and the dashboard. `npm start` calls it too.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildTargets, buildWithStamp, outdatedTargets } from "../src/supervisor/build-stamp.ts";
import { takeLock } from "../src/supervisor/data-dir-lock.ts";
import { buildRunner } from "./build-runner.ts";

const repository = resolve(import.meta.dirname, "..");
const builders = { runner: () => buildRunner(), dashboard: buildDashboard };

/** Arguments name targets; without any, all that are out of date are built. */
const wanted = process.argv.length > 2 ? process.argv.slice(2) : buildTargets.map((target) => target.name);
const known = new Set<string>(buildTargets.map((target) => target.name));
const unknown = wanted.filter((name) => !known.has(name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")} to build. Known: ${[...known].join(", ")}.`);
  process.exit(2);
}

mkdirSync(join(repository, ".build"), { recursive: true });
let lock = takeLock(join(repository, ".build", "lock"));
while (!lock) {
  await delay(200);
  lock = takeLock(join(repository, ".build", "lock"));
}
try {
  // Looked at under the lock: whoever waited finds that it is done.
  for (const target of outdatedTargets(repository).filter((one) => wanted.includes(one.name))) {
    console.log(`building the ${target.name}`);
    await buildWithStamp(repository, target, builders[target.name]);
  }
} finally {
  lock.release();
}

function buildDashboard(): Promise<void> {
  // Of an installed package it lies beside us.
  const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [next, "build"], {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
  });
  // Ended with us: half a build has no stamp and is made again.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => child.kill(signal));
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("exit", (code, signal) =>
      code === 0 ? done() : failed(new Error(`next build ended with ${signal ?? `code ${code}`}`)),
    );
  });
}
