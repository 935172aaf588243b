// A registry of npm, one of pip and one of go as the tools know them by themselves, on this machine: a module each, and one whose installation runs what a test says.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const NPM_HOST = "registry.npmjs.org";
export const PIP_HOST = "pypi.org";
export const GO_HOST = "proxy.golang.org";

export type PackageRegistries = {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** A module of npm with these files beside its package.json. */
  addNpm(name: string, manifest: Record<string, unknown>, files: Record<string, string>): void;
  /** A wheel of pip with one module; `program` is put on the PATH. */
  addPip(name: string, options: { module: string; program?: string }): void;
  /** A module of go at v1.0.0 that is one program, called as the module. */
  addGo(name: string, program: string): void;
  /** Set: answers wait for it. */
  hold: Promise<void> | null;
  dispose(): void;
};

export function createPackageRegistries(): PackageRegistries {
  const directory = mkdtempSync(join(tmpdir(), "berth-registries-"));
  const answers = new Map<string, { type: string; file: string }>();
  const put = (address: string, type: string, file: string) => answers.set(address, { type, file });

  const registries: PackageRegistries = {
    hold: null,
    handle(request, response) {
      const path = decodeURIComponent(new URL(request.url ?? "/", "https://x").pathname);
      const found = answers.get(`${request.headers.host}${path}`);
      const answer = () => {
        response.statusCode = found ? 200 : 404;
        if (found) response.setHeader("content-type", found.type);
        response.end(found ? readFileSync(found.file) : "{}");
      };
      if (registries.hold) void registries.hold.then(answer);
      else answer();
    },
    addNpm(name, manifest, files) {
      const place = join(directory, `npm-${name}`);
      mkdirSync(join(place, "package"), { recursive: true });
      const full = { name, version: "1.0.0", main: "index.js", ...manifest };
      for (const [file, content] of Object.entries({ "package.json": JSON.stringify(full), ...files }))
        writeFileSync(join(place, "package", file), content, { mode: 0o755 });
      const archive = join(place, `${name}-1.0.0.tgz`);
      execFileSync("tar", ["-czf", archive, "package"], { cwd: place });
      const dist = { tarball: `https://${NPM_HOST}/${name}-1.0.0.tgz` };
      const document = join(place, "document.json");
      writeFileSync(
        document,
        JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { ...full, dist } } }),
      );
      put(`${NPM_HOST}/${name}`, "application/json", document);
      put(`${NPM_HOST}/${name}-1.0.0.tgz`, "application/octet-stream", archive);
    },
    addPip(name, { module, program }) {
      const place = join(directory, `pip-${name}`);
      const info = `${name}-1.0.dist-info`;
      mkdirSync(join(place, info), { recursive: true });
      const entries = {
        [`${name}.py`]: module,
        [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
        [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ...(program && { [`${info}/entry_points.txt`]: `[console_scripts]\n${program} = ${name}:main\n` }),
      };
      const record = [...Object.keys(entries), `${info}/RECORD`].map((file) => `${file},,\n`).join("");
      for (const [file, content] of Object.entries({ ...entries, [`${info}/RECORD`]: record }))
        writeFileSync(join(place, file), content);
      const file = `${name}-1.0-py3-none-any.whl`;
      execFileSync("/usr/bin/python3", ["-m", "zipfile", "-c", join(directory, file), `${name}.py`, info], {
        cwd: place,
      });
      const page = join(place, "page.html");
      writeFileSync(page, `<a href="/files/${file}">${file}</a>`);
      put(`${PIP_HOST}/simple/${name}/`, "text/html", page);
      put(`${PIP_HOST}/files/${file}`, "application/octet-stream", join(directory, file));
    },
    addGo(name, program) {
      const place = join(directory, `go-${name}`);
      const inArchive = `${name}@v1.0.0`;
      mkdirSync(join(place, inArchive), { recursive: true });
      const module = `module ${name}\n\ngo 1.18\n`;
      writeFileSync(join(place, inArchive, "go.mod"), module);
      writeFileSync(join(place, inArchive, "main.go"), program);
      execFileSync("/usr/bin/python3", ["-m", "zipfile", "-c", "module.zip", inArchive], { cwd: place });
      writeFileSync(join(place, "module.mod"), module);
      writeFileSync(join(place, "module.info"), JSON.stringify({ Version: "v1.0.0", Time: "2026-01-01T00:00:00Z" }));
      writeFileSync(join(place, "list"), "v1.0.0\n");
      put(`${GO_HOST}/${name}/@v/list`, "text/plain", join(place, "list"));
      for (const ending of ["info", "mod", "zip"])
        put(`${GO_HOST}/${name}/@v/v1.0.0.${ending}`, "application/octet-stream", join(place, `module.${ending}`));
    },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
  return registries;
}
