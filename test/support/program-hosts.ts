// Hosts for programs as people use them: a git repository, a registry of npm and one of pip, behind one HTTPS server.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { findProgram } from "../../src/sandboxes/local/host.ts";
import { GO_PATH } from "./language-programs.ts";

/** What is not simply a program of that name where sandboxes look for programs. */
const LOOKS: Record<string, () => boolean> = {
  "python3-requests": () => succeeds("/usr/bin/python3", ["-c", "import requests"]),
  pip: () => succeeds("/usr/bin/python3", ["-m", "pip", "--version"]),
  go: () => findProgram("go", GO_PATH) !== null,
};

function succeeds(file: string, args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Whether a program that a test needs is on this machine. With REQUIRE_CLIENTS=1 it is a failure when not, else a loud skip. */
export function isThere(program: string | undefined): boolean {
  if (program === undefined) return true;
  const look = LOOKS[program] ?? (() => findProgram(program) !== null);
  if (look()) return true;
  if (process.env.REQUIRE_CLIENTS === "1") throw new Error(`REQUIRE_CLIENTS=1, but ${program} is not on this machine`);
  console.warn(`SKIPPED: ${program} is not on this machine`);
  return false;
}

/** A repository and two packages, as their hosts have them. */
export function makeHosts(directory: string): void {
  const work = join(directory, "work");
  mkdirSync(work);
  writeFileSync(join(work, "README"), "a repository\n");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: work, stdio: "ignore" });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first");
  git("clone", "-q", "--bare", ".", join(directory, "repo.git"));
  execFileSync("git", ["config", "http.receivepack", "true"], { cwd: join(directory, "repo.git") });

  const npmPackage = join(directory, "package");
  mkdirSync(npmPackage);
  writeFileSync(join(npmPackage, "package.json"), JSON.stringify({ name: "left-and-right", version: "1.0.0" }));
  writeFileSync(join(npmPackage, "index.js"), 'module.exports = "a package of npm";\n');
  execFileSync("tar", ["-czf", "left-and-right-1.0.0.tgz", "package"], { cwd: directory });

  const wheel = join(directory, "wheel");
  mkdirSync(join(wheel, "ours-1.0.dist-info"), { recursive: true });
  writeFileSync(join(wheel, "ours.py"), 'NAME = "a package of pip"\n');
  writeFileSync(join(wheel, "ours-1.0.dist-info", "METADATA"), "Metadata-Version: 2.1\nName: ours\nVersion: 1.0\n");
  writeFileSync(
    join(wheel, "ours-1.0.dist-info", "WHEEL"),
    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  );
  writeFileSync(
    join(wheel, "ours-1.0.dist-info", "RECORD"),
    "ours.py,,\nours-1.0.dist-info/METADATA,,\nours-1.0.dist-info/WHEEL,,\nours-1.0.dist-info/RECORD,,\n",
  );
  execFileSync(
    "/usr/bin/python3",
    ["-m", "zipfile", "-c", join(directory, "ours-1.0-py3-none-any.whl"), "ours.py", "ours-1.0.dist-info"],
    { cwd: wheel },
  );
}

export function serveHosts(directory: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", `https://${request.headers.host}`);
  if (url.host === "api.github.com") {
    serveGithub(url, request, response);
    return;
  }
  if (url.host === "git.example.com" || url.host === "github.com") {
    serveGit(directory, url, request, response);
    return;
  }
  const file = (name: string) => response.end(readFileSync(join(directory, name)));
  switch (`${url.host}${url.pathname}`) {
    case "npm.example.com/left-and-right": {
      const version = {
        name: "left-and-right",
        version: "1.0.0",
        dist: { tarball: "https://npm.example.com/left-and-right-1.0.0.tgz" },
      };
      response.setHeader("content-type", "application/json");
      response.setHeader("content-encoding", "gzip");
      response.end(
        gzipSync(
          JSON.stringify({ name: "left-and-right", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }),
        ),
      );
      return;
    }
    case "npm.example.com/left-and-right-1.0.0.tgz":
      file("left-and-right-1.0.0.tgz");
      return;
    case "pypi.example.com/simple/ours/":
      response.setHeader("content-type", "text/html");
      response.end('<a href="/files/ours-1.0-py3-none-any.whl">ours-1.0-py3-none-any.whl</a>');
      return;
    case "pypi.example.com/files/ours-1.0-py3-none-any.whl":
      file("ours-1.0-py3-none-any.whl");
      return;
    // As `gh` asks a host of somebody's own.
    case "api.example.com/api/v3/user":
      response.setHeader("content-type", "application/json");
      response.end('{"login":"octo"}');
      return;
    default:
      response.end(`hello from ${url.host}\n`);
  }
}

/** The few answers that `gh` needs to show who somebody is, and to clone. */
function serveGithub(url: URL, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("x-oauth-scopes", "repo, read:org");
  if (url.pathname === "/user") return void response.end(JSON.stringify({ login: "octo", id: 1 }));
  if (url.pathname !== "/graphql") return void response.writeHead(404).end("{}");
  const repository = {
    ...{ id: "R_1", name: "repo", owner: { login: "acme" }, hasIssuesEnabled: true, description: "a repository" },
    ...{ hasWikiEnabled: false, viewerPermission: "WRITE", defaultBranchRef: { name: "main" }, parent: null },
    ...{ mergeCommitAllowed: true, rebaseMergeAllowed: true, squashMergeAllowed: true },
  };
  response.end(JSON.stringify({ data: { viewer: { login: "octo" }, repository } }));
}

function serveGit(directory: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    } as unknown as NodeJS.ProcessEnv, // A CGI program has these variables and no others.
  });
  request.pipe(backend.stdin);
  const pieces: Buffer[] = [];
  backend.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  backend.once("close", () => {
    const answer = Buffer.concat(pieces);
    const end = answer.indexOf("\r\n\r\n");
    for (const header of answer.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = header.split(/: (.*)/s);
      if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
}
