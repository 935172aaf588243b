// A release that is newer than this one, made from it: what an upgrade is tested with until there are two real ones.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const repository = path.resolve(import.meta.dirname, "../..");

/**
 * This release with a higher number, another dashboard, and a migration of its own; what it depends on is found above it.
 * `built`: with its dashboard, as a package has it; without, its first start builds it.
 */
export async function makeNewerRelease({ built = false }: { built?: boolean } = {}): Promise<string> {
  const build = path.join(repository, ".build");
  await mkdir(build, { recursive: true });
  const release = await mkdtemp(path.join(build, "release-"));
  for (const name of ["src", "scripts", "next.config.mjs", "postcss.config.mjs", "tsconfig.json"])
    await cp(path.join(repository, name), path.join(release, name), {
      recursive: true,
      filter: (source) => !/\.test\.tsx?$/.test(source),
    });
  const manifest = JSON.parse(await readFile(path.join(repository, "package.json"), "utf8"));
  await writeFile(path.join(release, "package.json"), JSON.stringify({ ...manifest, version: "99.0.0" }));
  const migrations = path.join(release, "src/db/migrations");
  const number = String((await readdir(migrations)).length + 1).padStart(4, "0");
  await writeFile(
    path.join(migrations, `${number}-of-a-newer-release.sql`),
    `-- works from: ${String(Number(number) - 1).padStart(4, "0")}\nalter table sessions add column of_a_newer_release text;\n`,
  );
  if (built) await promisify(execFile)(process.execPath, [path.join(release, "scripts/build.ts")]);
  return release;
}
