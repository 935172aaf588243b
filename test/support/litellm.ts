// The real LiteLLM proxy for tests: installed once into the cache, started in front of the scripted provider.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

/** 1.82.7 and 1.82.8 were compromised; newer than this one does not install everywhere. */
const LITELLM_VERSION = "1.106.2";

function venvPath(): string {
  return join(process.env.BERTH_CACHE_DIR ?? join(homedir(), ".cache", "berth-ci"), `litellm-${LITELLM_VERSION}`);
}

/** Why the proxy can't be used here, or null. `REQUIRE_LITELLM=1` installs it (minutes) and fails when that fails. */
export async function litellmMissing(): Promise<string | null> {
  if (existsSync(join(venvPath(), ".ready"))) return null;
  if (process.env.REQUIRE_LITELLM === "1") {
    await installLitellm();
    return null;
  }
  return `LiteLLM ${LITELLM_VERSION} is not installed; REQUIRE_LITELLM=1 installs it`;
}

async function installLitellm(): Promise<void> {
  const venv = venvPath();
  // A half-made environment is worth nothing.
  await rm(venv, { recursive: true, force: true });
  await mkdir(venv, { recursive: true });
  await run("python3", ["-m", "venv", venv]);
  await run(join(venv, "bin", "pip"), [
    "install",
    "-q",
    "--disable-pip-version-check",
    `litellm[proxy]==${LITELLM_VERSION}`,
  ]);
  await writeFile(join(venv, ".ready"), "");
}

export type Litellm = {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly url: string;
  readonly masterKey: string;
  stop(): Promise<void>;
};

/**
 * The proxy with models `fake-oai`, `fake-anth`, `fake-noprice` and `fake-chatonly` in front of the provider at `upstreamUrl`,
 * configured as the documentation recommends, and warm: its first request of a route takes seconds.
 */
export async function startLitellm({ upstreamUrl }: { upstreamUrl: string }): Promise<Litellm> {
  const directory = await mkdtemp(join(tmpdir(), "berth-litellm-"));
  const masterKey = `sk-master-${randomBytes(12).toString("hex")}`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await writeFile(join(directory, "config.yaml"), litellmConfig({ upstreamUrl, masterKey }));
  const logPath = join(directory, "litellm.log");
  const log = createWriteStream(logPath);
  const child = spawn(
    join(venvPath(), "bin", "litellm"),
    ["--config", join(directory, "config.yaml"), "--host", "127.0.0.1", "--port", String(port)],
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        NODE_ENV: "test",
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
        LITELLM_TELEMETRY: "False",
        LITELLM_LOG: "ERROR",
        NO_DOCS: "True",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(timer);
    }
    log.end();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null)
          throw new Error(`LiteLLM ended: ${(await readFile(logPath, "utf8")).slice(-2_000)}`);
        return fetch(`${url}/health/liveliness`).then(
          (response) => response.ok,
          () => false,
        );
      },
      { timeoutMs: 180_000, intervalMs: 200, describe: () => "LiteLLM answers /health/liveliness" },
    );
    await warmUp(url, masterKey);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, masterKey, stop };
}

async function warmUp(url: string, masterKey: string): Promise<void> {
  for (const model of ["fake-oai", "fake-anth"]) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${masterKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, max_tokens: 8, messages: [{ role: "user", content: "FAST" }] }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`LiteLLM answers ${response.status} for ${model}: ${text.slice(0, 500)}`);
  }
}

/** Half of it is what `docs/` recommends to operators: no retries, no cooldown, upstream cancelled when the client leaves. */
function litellmConfig({ upstreamUrl, masterKey }: { upstreamUrl: string; masterKey: string }): string {
  const openai = { api_base: `${upstreamUrl}/v1`, api_key: "sk-upstream-openai-0123456789" };
  const price = {
    input_cost_per_token: 0.000001,
    output_cost_per_token: 0.000002,
    cache_read_input_token_cost: 0.0000001,
  };
  // JSON is YAML.
  return JSON.stringify(
    {
      model_list: [
        {
          model_name: "fake-oai",
          litellm_params: { model: "openai/fake-model", ...openai, ...price },
          model_info: {
            mode: "chat",
            max_input_tokens: 128_000,
            max_output_tokens: 8_192,
            supports_function_calling: true,
          },
        },
        {
          model_name: "fake-anth",
          litellm_params: {
            model: "anthropic/fake-claude",
            api_base: upstreamUrl,
            api_key: "sk-upstream-anthropic-0123456789",
            input_cost_per_token: 0.000003,
            output_cost_per_token: 0.000015,
            cache_read_input_token_cost: 0.0000003,
            cache_creation_input_token_cost: 0.00000375,
          },
          model_info: { mode: "chat", max_input_tokens: 200_000, max_output_tokens: 64_000 },
        },
        { model_name: "fake-noprice", litellm_params: { model: "openai/unpriced-model", ...openai } },
        {
          model_name: "fake-chatonly",
          litellm_params: { model: "openai/chat-only", ...openai, use_chat_completions_api: true, ...price },
        },
      ],
      litellm_settings: {
        num_retries: 0,
        request_timeout: 600,
        drop_params: true,
        include_cost_in_streaming_usage: true,
        use_chat_completions_url_for_anthropic_messages: true,
      },
      router_settings: { num_retries: 0, disable_cooldowns: true, timeout: 600, stream_timeout: 120 },
      general_settings: { master_key: masterKey, cancel_on_disconnect: true },
    },
    null,
    2,
  );
}

async function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}
