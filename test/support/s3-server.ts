// A real S3 server for tests: Versity's gateway (Apache-2.0) on a temporary directory. `.ci/run` builds it from the Go module proxy.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createS3Blobs, type S3BlobsOptions } from "../../src/blobs/s3.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

const CACHE = process.env.BERTH_CACHE_DIR ?? join(homedir(), ".cache", "berth-ci");
const PROGRAM = join(CACHE, "bin", "versitygw");
const ACCESS_KEY = "berth-test-access";
const SECRET_KEY = "berth-test-secret";
export const TEST_BUCKET = "berth-test";

/** Why S3 can't be tested here; null when it can. With REQUIRE_S3=1 that is a failure, else a loud skip. */
export function s3Missing(): string | null {
  if (existsSync(PROGRAM)) return null;
  const missing = `there is no S3 server at ${PROGRAM} (GOBIN=${join(CACHE, "bin")} go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)`;
  if (process.env.REQUIRE_S3 === "1") throw new Error(`REQUIRE_S3=1, but ${missing}`);
  console.warn(`SKIPPED: S3 tests do not run, ${missing}`);
  return missing;
}

export type TestS3 = {
  options: S3BlobsOptions;
  /** Settings of Berth that lead to it. */
  env: Record<string, string>;
  /** As a server that went away; `start` brings it back with its data. */
  stop(): Promise<void>;
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startTestS3(): Promise<TestS3> {
  const root = mkdtempSync(join(tmpdir(), "berth-s3-"));
  const port = await freePort();
  // A bucket is a directory of it.
  for (const name of ["data", `data/${TEST_BUCKET}`, "metadata"]) mkdirSync(join(root, name));
  const options: S3BlobsOptions = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: TEST_BUCKET,
    region: "us-east-1",
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: { reveal: () => SECRET_KEY } },
    pathStyle: true,
    pauseMs: 20,
  };
  let end: (() => Promise<void>) | null = null;

  async function start(): Promise<void> {
    const args = [
      "--port",
      `127.0.0.1:${port}`,
      "--quiet",
      "posix",
      "--sidecar",
      join(root, "metadata"),
      join(root, "data"),
    ];
    const child = spawn(PROGRAM, args, {
      env: childEnv({ ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY, PATH: process.env.PATH ?? "" }),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    end = async () => {
      child.kill("SIGKILL");
      await exited;
    };
    await until(async () => (await createS3Blobs({ ...options, pauseMs: 1 }).check()).ok, {
      describe: () => `the S3 server does not answer: ${said}`,
    });
  }

  const stop = async () => {
    await end?.();
    end = null;
  };
  await start();
  return {
    options,
    env: {
      BERTH_BLOBS: "s3",
      BERTH_S3_ENDPOINT: options.endpoint ?? "",
      BERTH_S3_BUCKET: TEST_BUCKET,
      BERTH_S3_REGION: options.region,
      BERTH_S3_ACCESS_KEY_ID: ACCESS_KEY,
      BERTH_S3_SECRET_ACCESS_KEY: SECRET_KEY,
    },
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
